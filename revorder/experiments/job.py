"""One job of an experiment: one seed in one composition order (or a part of its checkpoints), stopped and resumed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from revorder.data.files import reading
from revorder.engines.choice import choose
from revorder.engines.maps import Maps
from revorder.engines.places import Place
from revorder.engines.rounding import TF32
from revorder.engines.wavefront import Wavefront
from revorder.experiments.composing import order_of
from revorder.experiments.configs import Config
from revorder.experiments.digests import CONFIGURATION, JOB, check_made_with, digest_of
from revorder.experiments.leaves import looking
from revorder.experiments.resuming import check_replay, check_wavefront
from revorder.experiments.stopping import Stop, StoppedError
from revorder.planning.plan import Plan, plan_for
from revorder.problems import Problem
from revorder.pytrees import Tree, layout, row
from revorder.running.carrying import carry_out, origin
from revorder.running.collecting import Collector
from revorder.running.parts import split
from revorder.trajectories import storage
from revorder.trajectories.trajectory import Trajectory

SNAPSHOT = "revorder-snapshot-1"
LONG = 10_000  # characters of a note
ROUNDING = {"tf32": TF32, "fp16": 2.0**-10, "bf16": 2.0**-7}  # of what steps are made of, relative
Watcher = Callable[[Collector], None]


@dataclass(frozen=True)
class Job:
    """One seed in one composition order; or part `part` of `parts` of its checkpoints.

    Attributes:
        order, seed: which run.
        part, parts: the checkpoints may be shared among several processes.
    """

    order: str
    seed: int
    part: int = 0
    parts: int = 1

    def __str__(self) -> str:
        part = f"-part{self.part}of{self.parts}" if self.parts > 1 else ""
        return f"{self.order.replace(':', '-')}-seed{self.seed}{part}"

    def plan(self, config: Config) -> Plan:
        """What this job has to compute."""
        whole = plan_for(order_of(self.order), config.checkpoints, None, config.steps)
        if self.parts == 1:
            return whole
        return whole.only(np.sort(split(whole, self.parts)[self.part][0]))  # rows come as their words do


def jobs(config: Config) -> list[Job]:
    """All jobs of an experiment, seed by seed. Orders whose words share all are one part: they gain nothing."""
    found = []
    for order in config.orders:
        made: Any = order_of(order) if config.parts > 1 else order  # a report knows no order of somebody's own
        parts = _parts(made, config.checkpoints, config.steps, config.parts)
        found += [Job(order, seed, part, parts) for seed in range(config.seeds) for part in range(parts)]
    return sorted(found, key=lambda job: job.seed)


@lru_cache
def _parts(order: Any, checkpoints: range, steps: int, most: int) -> int:
    """How many parts a run has; a plan is made for it only where there could be several."""
    return 1 if most == 1 else len(split(plan_for(order, checkpoints, None, steps), most))


class Snapshots:
    """Writes down where a job stands: every `interval` seconds, and when it is asked to stop.

    It is the `Keeper` of the engine. A snapshot replaces the one before only when it stands whole.

    Attributes:
        place: where the job goes on from; None at its beginning.
        saved: how many snapshots were written.
    """

    def __init__(self, path: Path, job: Job, interval: float, stop: Stop | None = None, watcher: Watcher | None = None):
        self.path, self.job, self.interval = path, job, interval
        self.stop: Stop = threading.Event() if stop is None else stop
        self.watcher = watcher
        self.place: Place | None = None
        self.kept: Trajectory | None = None
        self.maps: Maps | None = None
        self.found, self.began, self.begins = (dict[str, Any]() for _ in range(3))  # for the latter: `beginnings.py`
        self.made_with: object = None
        self.resumed = path.exists()
        self.saved, self.last = 0, time.monotonic()
        if self.resumed:
            self._load()

    def watch(self, collected: Collector) -> None:
        self.collected = collected
        if self.kept is not None and self.kept.steps:
            collected.merge(np.arange(len(collected.plan.steps)), self.kept)
        elif self.kept is not None:
            collected.cost += self.kept.cost

    def restart(self) -> None:
        self.place = self.kept = None

    def reached(self, place: Callable[[], Place]) -> None:
        if self.watcher is not None:
            self.watcher(self.collected)
        if self.stop.is_set() or time.monotonic() - self.last >= self.interval:
            self._save(place())
            if self.stop.is_set():
                raise StoppedError(f"stopped in {self.job} after {self.collected.cost} evaluations")

    def _save(self, place: Place) -> None:
        gathered = self.collected.trajectory()
        about = {JOB: str(self.job), "position": place.position, "steps": gathered.steps, "cost": gathered.cost}
        about |= {CONFIGURATION: gathered.provenance[CONFIGURATION], "begins": self.begins}
        about["metrics"] = {name: values.tolist() for name, values in gathered.metrics.items()}
        if self.maps is not None:
            about["found"] = {"notes": self.maps.notes, "checks": self.maps.audit.kept()}
        tree = {"place": place.states, "kept": gathered.states if gathered.steps else {}}
        storage.save(self.path, tree, about, SNAPSHOT, looking(self.stop))
        self.saved, self.last = self.saved + 1, time.monotonic()

    def _load(self) -> None:
        tree, about = storage.load(self.path, SNAPSHOT)
        if about.get(JOB) != str(self.job):
            raise ValueError(f"{self.path} is a snapshot of {about.get(JOB)!r}, but {self.job} was to be resumed")
        with reading(self.path, "a snapshot"):
            metrics, self.made_with = storage.measured(about, tree["kept"]), about.get(CONFIGURATION)
            self.place, self.began = Place(about["position"], tree["place"]), dict(about.get("begins", {}))
            self.found = about.get("found", {})
            self.kept = Trajectory(self.job.order, about["steps"], tree["kept"], metrics, about["cost"])

    def belongs_to(self, maps: Maps) -> None:
        """Keep what is said and found of a run, too; and say again what was until the stop.

        Raises:
            ValueError: the snapshot is damaged.
        """
        self.maps = maps
        if self.place is not None and self.found:
            with reading(self.path, f"a snapshot of {self.job}"):
                if not all(type(note) is str and len(note) < LONG for note in self.found["notes"]):
                    raise ValueError("its notes are no texts")
                maps.audit.go_on(self.found["checks"])
                for note in self.found["notes"]:
                    maps.note(note)

    def check(self, config: Config, plan: Plan, problem: Problem, kept: Tree) -> None:
        """Raise ValueError unless the job can go on from what was loaded; `kept` is what is kept of the start."""
        if self.place is None or self.kept is None:
            return
        check_made_with(self.made_with, config, self.path)
        with reading(self.path, f"a snapshot of {self.job}"):
            (check_replay if config.engine == "replay" else check_wavefront)(self.place, plan, problem.start)
            steps, gathered = self.kept.steps, set(self.kept.steps)
            if [n for n in plan.steps if n in gathered] != steps or self.kept.metrics.keys() != problem.metrics.keys():
                raise ValueError("it has other checkpoints or metrics")
            if steps and layout(row(self.kept.states, 0)) != layout(kept):
                raise ValueError("its states at the checkpoints have another layout")


def carry_out_job(config: Config, job: Job, problem: Problem, snapshots: Snapshots) -> Trajectory:
    """Begin a job, or go on with it from its snapshot.

    Raises:
        StoppedError: it was asked to stop, and a snapshot has been written.
        DivergedError: a state became infinite or NaN.
        ValueError: the snapshot is damaged, or of another run.
    """
    plan = job.plan(config)
    maps = Maps(problem.update, problem.batches, plan, None)
    engine = Wavefront(compile=True) if config.compile else choose(config.engine, problem.update)
    maps.note(config.engine)
    if not config.exact:
        maps.audit.rounding = ROUNDING[config.precision]
        maps.note(f"{config.precision}, NOT exact")
    record: Callable[[Tree], Tree] = problem.update.params if config.keep_states else lambda state: {}
    snapshots.check(config, plan, problem, record(problem.start))
    snapshots.belongs_to(maps)
    provenance = origin(maps, problem.start, plan) | {CONFIGURATION: digest_of(config)}
    found = carry_out(plan, engine=engine, maps=maps, start=problem.start, record=record, metrics=problem.metrics,
                      progress=False, keeper=snapshots, provenance=provenance)  # fmt: skip
    if len(found.steps) < len(plan.steps):
        raise ValueError(f"path: {snapshots.path} is damaged: checkpoints are missing that its place is beyond")
    return found
