"""JavaScript modules joined into one: what anywidget sends to a page cannot import from files beside it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "js"
IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


@cache
def joined(name: str) -> str:
    """The module `name`.js with all that it imports before it, each once, in the order in which they need each other.

    Only the module itself keeps its exports. Names on top of the modules must be unique, since they share one scope.

    Raises:
        FileNotFoundError: there is no such module, or one imports a file that is not there.
    """
    order: list[str] = []
    _collect(f"{name}.js", order)
    *others, last = [IMPORT.sub("", _read(file)) for file in order]
    return "\n".join([*(EXPORT.sub("", text) for text in others), last])


def _collect(file: str, order: list[str]) -> None:
    """Append what a module imports, then the module."""
    for needed in IMPORT.findall(_read(file)):
        if needed not in order:
            _collect(needed, order)
    order.append(file)


@cache
def _read(file: str) -> str:
    return (FOLDER / file).read_text(encoding="utf-8")
