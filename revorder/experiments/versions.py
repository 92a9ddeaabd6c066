"""Configurations as JSON: those of this version, and older ones, whose missing fields are what there was then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from revorder.data.files import parse

VERSION, HEAD = 4, "revorder-config"
OURS = {"loss": "cross-entropy", "metrics": []}
THEN: dict[int, dict[str, Any]] = {2: {"compile": False, "train_measured": 0, **OURS}, 3: OURS}  # what it had not


def written(fields: dict[str, Any]) -> str:
    """JSON text with all fields and the version of the format."""
    return json.dumps({HEAD: VERSION, **fields}, indent=2) + "\n"


def fields_of(text: str, source: str | Path) -> dict[str, Any]:
    """What `written` wrote, now or in an earlier version.

    Raises:
        ValueError: not such a text, or another version; its fields are checked where they are used.
    """
    try:
        fields: dict[str, Any] = parse(text)
        version = fields.pop(HEAD)
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{source} is not a revorder configuration ({type(error).__name__}: {error})") from error
    if type(version) is not int or version not in (VERSION, *THEN):
        known = f"{', '.join(map(str, THEN))} and {VERSION}"
        raise ValueError(f"{source} has version {version!r}, but this package reads versions {known}")
    return THEN.get(version, {}) | fields
