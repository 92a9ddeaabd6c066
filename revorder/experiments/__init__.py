"""Experiments: a frozen configuration in, a result folder out; resumable at any moment.

`experiment(name, profile)` gives a configuration, `estimate` its price, `run` its results;
`revorder.experiments.reports` writes them up. Names are imported when they are first used: configurations need no
torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from revorder.lazy import lazy

if TYPE_CHECKING:
    from revorder.experiments.building import build, load
    from revorder.experiments.catalogue import NAMES, PROFILES, experiment
    from revorder.experiments.configs import Config
    from revorder.experiments.estimates import Estimate, estimate
    from revorder.experiments.folders import Folder, FolderInUseError
    from revorder.experiments.job import Job, StoppedError, jobs
    from revorder.experiments.running import Progress, run

_HOME = {
    "building": "build load",
    "catalogue": "NAMES PROFILES experiment",
    "configs": "Config",
    "estimates": "Estimate estimate",
    "folders": "Folder FolderInUseError",
    "job": "Job StoppedError jobs",
    "running": "Progress run",
}
_SUBMODULES = ["budget", "catalogue", "configs", "estimates", "folders", "reports", "summaries"]

__all__ = [
    "NAMES", "PROFILES", "Config", "Estimate", "Folder", "FolderInUseError", "Job", "Progress", "StoppedError", "build",
    "estimate", "experiment", "jobs", "load", "run",
]  # fmt: skip


if not TYPE_CHECKING:  # else a type checker would find a type for any misspelt name
    __getattr__ = lazy(__name__, _HOME, _SUBMODULES)


def __dir__() -> list[str]:
    return sorted(__all__)
