"""Experiments: a frozen configuration in, a result folder out; resumable at any moment."""

from revorder.experiments.building import build, load
from revorder.experiments.configs import Config
from revorder.experiments.folders import Folder, FolderInUseError
from revorder.experiments.jobs import Job, StoppedError, jobs
from revorder.experiments.running import Progress, run

__all__ = ["Config", "Folder", "FolderInUseError", "Job", "Progress", "StoppedError", "build", "jobs", "load", "run"]
