"""Which configuration a file was made with: a fingerprint in results and snapshots, compared before work goes on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from pathlib import Path

from revorder.experiments.configs import Config

CONFIGURATION = "configuration"  # in a trajectory's provenance, and in a snapshot: what it was made with
JOB = "job"  # in both: which job it is of
LINE = "card"  # in a result's provenance: its line on the card, for a process that ends before it has written the card
NOT_OF_A_JOB = {"name", "profile", "orders", "seeds"}  # these decide which jobs there are, not what one computes


def digest_of(config: Config) -> str:
    """A fingerprint of all in a configuration that decides what a job computes.

    Fields that have their default value do not count, so that later versions, which have more fields, find the same.
    """
    counts = {each.name: (getattr(config, each.name), each.default) for each in fields(config)}
    own = {name: value for name, (value, default) in counts.items() if value != default and name not in NOT_OF_A_JOB}
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()[:16]


def check_is_of(found: object, job: object, path: Path) -> None:
    """Raise ValueError unless a result says that it is of this job; files of earlier versions do not say."""
    if found is not None and found != str(job):
        raise ValueError(f"path: {path} is the result of {found!r}, but stands in the place of {job}")


def check_made_with(found: object, config: Config, path: Path) -> None:
    """Raise ValueError unless a file was made with this configuration; files of earlier versions do not say."""
    if found is not None and found != digest_of(config):
        raise ValueError(
            f"out: {path} was made with another configuration than config.json has now; put config.json back as it "
            "was, or choose another folder"
        )
