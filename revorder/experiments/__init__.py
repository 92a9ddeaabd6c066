"""Experiments: a frozen configuration in, a result folder out; resumable at any moment.

`experiment(name, profile)` gives a configuration, `estimate` its price, `run` its results;
`revorder.experiments.reports` writes them up.
"""

from revorder.experiments.building import build, load
from revorder.experiments.catalogue import NAMES, PROFILES, experiment
from revorder.experiments.configs import Config
from revorder.experiments.estimates import Estimate, estimate
from revorder.experiments.folders import Folder, FolderInUseError
from revorder.experiments.jobs import Job, StoppedError, jobs
from revorder.experiments.running import Progress, run

__all__ = [
    "NAMES", "PROFILES", "Config", "Estimate", "Folder", "FolderInUseError", "Job", "Progress", "StoppedError", "build",
    "estimate", "experiment", "jobs", "load", "run",
]  # fmt: skip
