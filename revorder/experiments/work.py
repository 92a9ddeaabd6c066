"""One job of an experiment carried out, here or in a worker: its data are loaded, and its result is written."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from revorder.data.datasets import Dataset
from revorder.errors import DivergedError
from revorder.experiments.arithmetic import arithmetic_of
from revorder.experiments.beginnings import beginning, check_alike
from revorder.experiments.building import build, load
from revorder.experiments.cards import machine
from revorder.experiments.configs import Config
from revorder.experiments.digests import CONFIGURATION, JOB, LINE, digest_of
from revorder.experiments.folders import Folder
from revorder.experiments.job import Job, Snapshots, carry_out_job
from revorder.experiments.leaves import Leave, looking, working
from revorder.experiments.sending import Parcel, travelling
from revorder.experiments.stopping import Stop
from revorder.running.collecting import Collector
from revorder.trajectories import storage
from revorder.trajectories.trajectory import Trajectory


@dataclass(frozen=True)
class Work:
    """What a worker needs to know to carry out any job of an experiment.

    Attributes:
        token: of the run that is worked for; see `revorder.experiments.leaves`.
        parent: for the workers of an executor, the process of that run.
    """

    config: Config
    path: Path
    data: str | Path | None
    device: str
    interval: float
    own: Parcel | None = None
    token: str | None = None
    parent: int | None = None

    def __call__(
        self, job: Job, stop: threading.Event | None = None, watcher: Callable[[Collector], None] | None = None,
        data: Dataset | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Carry a job out, write its result, and return the lines that it adds to the card."""
        leave = None if self.token is None else Leave(self.path, self.token, stop)
        with working(leave, self.parent), travelling(self.parent):
            return self._carry_out(job, leave or stop, watcher, data)

    def _carry_out(
        self, job: Job, stop: Stop | None, watcher: Callable[[Collector], None] | None, data: Dataset | None
    ) -> dict[str, Any]:
        folder, began = Folder(self.path), time.monotonic()
        if self.own is not None:
            self.own.open()
        snapshots = Snapshots(folder.snapshot(job), job, self.interval, stop, watcher)
        with arithmetic_of(self.config):
            loaded = data or load(self.config, self.data, self.device)
            problem = build(self.config, loaded, job.seed)
            snapshots.begins = begins = beginning(self.config, job, problem, loaded, self.device)
            here = {str(job): snapshots.began} if snapshots.began else {}
            check_alike(self.config, job, begins, folder.card()["jobs"] | here)
            diverged = None
            try:
                found = carry_out_job(self.config, job, problem, snapshots)
            except DivergedError as error:  # a result, too: the checkpoints until then
                diverged = str(error)
                found = error.trajectory or Trajectory(
                    job.order, [], {}, {name: np.zeros(0) for name in problem.metrics}
                )
            made_by = machine(self.device)
        took = round(time.monotonic() - began, 2)
        # the engine: bits depend on how many states advanced in one call
        line = {"evaluations": found.cost, "seconds": took, "resumed": snapshots.resumed, "engine": found.engine}
        line |= {**made_by, **begins, **({"diverged": diverged} if diverged else {})}
        known = found.provenance | {CONFIGURATION: digest_of(self.config), JOB: str(job), LINE: line}
        storage.save(folder.result(job), found.states, replace(found, provenance=known).about(), before=looking(stop))
        folder.snapshot(job).unlink(missing_ok=True)
        return line
