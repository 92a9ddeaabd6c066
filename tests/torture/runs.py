"""The runs of a round: started, watched until some moment, and asked when they held the folder."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from revorder.experiments import Config, Folder, jobs
from torture import ending
from torture.logbook import Held
from torture.starting import Child, Nursery, end
from torture.watching import Watchman


class Runs:
    """An experiment in a folder of its own, its runs one after another (or at once), and the watchman beside them.

    Attributes:
        truth: the results of the same configuration, undisturbed.
        plant: what is broken in the library on purpose; None: nothing.
        executor, interval: what runs have, unless an act says otherwise.
        story: what happened, line by line, for whoever has to understand a loss.
    """

    def __init__(self, nursery: Nursery, config: Config, truth: Folder, scratch: Path, rng: Random, plant: str | None,
                 executor: str = "none", interval: float = 0.05):  # fmt: skip
        self.nursery, self.config, self.truth, self.scratch, self.rng = nursery, config, truth, scratch, rng
        self.plant, self.executor, self.interval = plant, executor, interval
        self.folder, self.children, self.story = scratch / "out", list[Child](), list[str]()
        self.began, self.looked_at = time.monotonic(), 0
        self.watchman = Watchman(self.folder, self._due, self.orphans)

    def say(self, what: str) -> None:
        self.story.append(f"{time.monotonic() - self.began:6.2f} s  {what}")

    def close(self) -> None:
        """End whatever lives."""
        self.watchman.close()
        for child in self.children:
            child.killed = min(child.killed, time.monotonic())
            for pid in [child.pid] * child.alive() + child.workers():
                end(pid)

    # what the watchman asks

    def _due(self) -> bool:
        """Whether to look: while a run holds the folder (in vain), once after it, and while there are orphans."""
        children = [*self.children]
        held = sum(len(child.held()) for child in children)
        due = held > self.looked_at or bool(self.orphans())
        if not any(child.holds() for child in children):
            self.looked_at = held
        return due

    def orphans(self) -> list[int]:
        """Workers that live although their run was killed."""
        return [pid for child in [*self.children] if child.killed < math.inf for pid in child.workers()]

    def held(self) -> list[Held]:
        """When the folder was held, and by whom."""
        return [one for child in self.children for one in child.held()] + self.watchman.held

    # starting

    def spec(self, **changes: Any) -> dict[str, Any]:
        number = len(self.children)
        names = {name: str(self.scratch / f"{name}-{number}") for name in ("answer", "log", "output", "scratch")}
        own = {"folder": str(self.folder), "config": self.config.to_json(), "interval": self.interval}
        how = {"plant": self.plant, "executor": self.executor, "most_bytes": None, "with_twin": False,
               "slow_writing": 0.0}  # fmt: skip
        return names | own | how | changes

    def start(self, **changes: Any) -> Child:
        """Start a run, or go on."""
        with self.watchman.rest():
            return self._begun(self.nursery.forked(self.spec(**changes)))

    def start_alone(self, **changes: Any) -> Child:
        """Start a run, and let the watchman look at the folder only when the run has it, or has ended."""
        with self.watchman.rest():
            child = self.start(**changes)
            self.working(child)
        return child

    def start_fresh(self, environment: dict[str, str], stdin: bool = True) -> Child:
        """Start an interpreter of its own, in other surroundings."""
        with self.watchman.rest():
            return self._begun(self.nursery.fresh(self.spec(), environment, stdin))

    def _begun(self, child: Child) -> Child:
        self.children.append(child)
        self.say(f"run {len(self.children) - 1} (pid {child.pid}, executor {child.spec['executor']}) was started")
        return child

    # waiting

    def working(self, child: Child) -> None:
        """Wait until a run holds the folder, or has ended."""
        while child.alive() and not child.holds():
            time.sleep(0.005)

    def moment(self, child: Child) -> bool:
        """Wait until some moment of a run; whether it is still at work then."""
        before = len(self.finished())
        whens: list[Callable[[], bool]] = [lambda: True, lambda: len(self.finished()) > before]
        when = self.rng.choice([*whens, lambda: bool(self.snapshots())])
        self.working(child)
        until = time.monotonic() + 5
        while child.alive() and not when() and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(self.rng.choice([0.0, 0.02, self.rng.uniform(0, 0.6)]))
        return child.holds()

    def settle(self) -> None:
        """Wait until no process of this round lives."""
        for child in self.children:
            child.wait()
        living = lambda: [pid for child in self.children for pid in child.workers()]
        ending.wait_until(lambda: not living(), ending.ORPHANS, "workers have not ended with their run")

    # files

    def finished(self) -> list[Path]:
        """The results that are there."""
        return [place for place in (Folder(self.folder).result(job) for job in jobs(self.config)) if place.exists()]

    def snapshots(self) -> list[Path]:
        """The snapshots of jobs that are not finished."""
        folder = Folder(self.folder)
        waiting = [folder.snapshot(job) for job in jobs(self.config) if not folder.result(job).exists()]
        return [place for place in waiting if place.exists()]
