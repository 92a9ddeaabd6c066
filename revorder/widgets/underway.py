"""What the experiment panel does in its thread: find the cost, run, show where it stands, and say how it ended."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from revorder.experiments import Config, Folder, Progress, StoppedError, run
from revorder.experiments.estimates import Estimate, estimate
from revorder.widgets.board import Board
from revorder.widgets.choices import Choices
from revorder.widgets.live import Curves, Meter, Task, price_table
from revorder.widgets.standing import described, ended_badly, ended_well, named

BAR_EVERY, CURVE_EVERY = 0.1, 1.0  # seconds
STOPPING = "It stops after the evaluation under way, with a snapshot. Estimating and loading are not interrupted."


class UnderWay(Board):
    """A board whose runs go on in one thread; `ExperimentPanel` has the list of attributes."""

    def __init__(self, choices: Choices, data: str | Path | None, interval: float):
        super().__init__(choices)
        self.data, self.interval = data, interval
        self.task: Task | None = None
        self.meter: Meter | None = None
        self._asked: tuple[Config, Path, str] | None = None
        self._priced: tuple[Config, str, Estimate] | None = None

    def _time(self, config: Config, device: str) -> None:
        """Find the cost; what was true before is true afterwards."""
        before = self.state, self.said, self.bar.value, self.progress.value
        self.error.value = ""
        self._become("timing", f"A few steps of {named(config)} are timed.")
        Task(lambda task: self._find_price(config, device), partial(self._timed, *before)).start()

    def _timed(self, state: str, said: str, share: float, progress: str, task: Task) -> None:
        self.bar.value, self.progress.value = share, progress
        if task.error is not None:
            self._alert("Failed", task.error)
        self._become(state, said)

    def _go_on(self, config: Config, place: Path, device: str) -> None:
        """Begin a run, or go on with it from its snapshots."""
        self.error.value, self.meter = "", None
        self._show_progress(0.0, "")
        self.task = Task(partial(self._train, config, place, device), partial(self._ended, config, place))
        self._become("running", f"First the cost of {named(config)} is estimated, then its data are loaded.")
        self.task.start()
        self.pause.focus()

    def _train(self, config: Config, place: Path, device: str, task: Task) -> Folder:
        price = self._find_price(config, device)
        self._show_progress(0.0, "")
        begun = (place / "config.json").exists()
        if begun:  # what is known of jobs that are not finished stays, too
            self._curves.of |= Curves(Folder(place).finished()).of
        self.meter = meter = Meter(config, price)
        return run(config, place, resume=begun, data=self.data, device=device, interval=self.interval, stop=task.stop,
                   watcher=partial(self._watch, config, task, meter))  # fmt: skip

    def _find_price(self, config: Config, device: str) -> Estimate:
        if self._priced is None or self._priced[:2] != (config, device):
            self._priced = config, device, estimate(config, device=device, told=self._show_progress)
        self._show_table(config, device)
        return self._priced[2]

    def _show_table(self, config: Config, device: str) -> None:
        """The price, if it is that of these controls."""
        mine = self._priced is not None and self._priced[:2] == (config, device)
        self.table.value = price_table(self._priced[2], described(config, device)) if self._priced and mine else ""

    def _watch(self, config: Config, task: Task, meter: Meter, progress: Progress) -> None:
        """After every evaluation: show where it stands now and then, and wait while it is paused."""
        if not meter.said:
            self._become("running", f"{named(config)} is under way.", "running")
        meter.read(progress)
        now = time.monotonic()
        self._news |= self._curves.note(progress)
        if self._news and now - self._drawn >= CURVE_EVERY:
            self._draw()
        waits = not task.go.is_set()
        if waits or now - self._shown >= BAR_EVERY:
            self._show_meter(meter)
        if waits:
            if self._news:
                self._draw()
            began = time.monotonic()
            task.go.wait()
            meter.paused += time.monotonic() - began

    def _ended(self, config: Config, place: Path, task: Task) -> None:
        stopped = isinstance(task.error, StoppedError)
        if self.meter and self.meter.said:
            self._show_meter(self.meter)
        elif self.meter and task.error is None:
            self.meter.evaluations = self.meter.total
            self._show_progress(1.0, f"all {len(self.meter.jobs)} jobs had been finished before")
        else:
            self._show_progress(0.0, "no evaluation was made")
        self._draw()
        if task.error is None:
            self.bar.value = 1.0
            self._become("finished", ended_well(config, place))
        elif stopped:
            self._become("stopped", f"It {task.error}. A snapshot is written; Resume goes on from it.")
        else:
            self._alert("Failed", task.error)
            self._become("failed", ended_badly(config, place))
