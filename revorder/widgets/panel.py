"""The widget of notebook 10: see what an experiment costs, start it, watch it, pause it, stop it, and go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from revorder.experiments import Config, Folder, Progress, StoppedError, run
from revorder.experiments.estimates import Estimate, estimate
from revorder.experiments.running import INTERVAL
from revorder.widgets.board import Board
from revorder.widgets.choices import Choices
from revorder.widgets.live import Curves, Meter, Task, price_table

BAR_EVERY, CURVE_EVERY = 0.1, 1.0  # seconds


class ExperimentPanel(Board):
    """A control panel for experiments. They run in one thread of their own: the kernel stays free meanwhile.

    Args:
        name, profile: the experiment that is chosen at first.
        config: a configuration of your own, as one more experiment, which is then chosen at first.
        folder: the result folder. None: a fresh folder where the system keeps temporary files.
        data: where the data set lies (default: REVORDER_DATA, or a download).
        interval: seconds between snapshots.

    Attributes:
        experiment, profile, orders, seeds, engine, device, folder: the controls.
        price, start, pause, resume, stop: the buttons; those that would do nothing are disabled.
        state: one of "idle", "timing", "running", "paused", "stopping", "stopped", "finished" and "failed".
        busy: whether something is under way, so that nothing else can be started.
        evaluations: made until now, of all jobs.
        picture: the curves of the test loss, a `Picture`.
        table, bar, progress, status, error, figure: what is shown.
        view: the box to display; the object itself displays as it.
    """

    def __init__(
        self, name: str = "mlp-digits", profile: str = "smoke", *, config: Config | None = None,
        folder: str | Path | None = None, data: str | Path | None = None, interval: float = INTERVAL,
    ):  # fmt: skip
        super().__init__(Choices(name, profile, config, folder))
        self.data, self.interval = data, interval
        self.task: Task | None = None
        self.meter: Meter | None = None
        self._priced: tuple[Config, str, Estimate] | None = None
        presses = (self._on_price, self._on_start, self._on_pause, self._on_resume, self._on_stop)
        for button, press in zip(self.buttons, presses, strict=True):
            button.on_click(press)

    @property
    def evaluations(self) -> int:
        """Evaluations made until now, of all jobs of the experiment."""
        return self.meter.evaluations if self.meter else 0

    def result(self, timeout: float | None = None) -> Folder:
        """Wait for the run; returns the result folder, which is unfinished if the run was stopped.

        Raises:
            RuntimeError: nothing was started.
            TimeoutError: it still runs, or is paused, after so many seconds.
            Exception: whatever made the run fail.
        """
        if self.task is None:
            raise RuntimeError("nothing was started: press Start first")
        self.task.join(timeout)
        if self.task.is_alive():
            raise TimeoutError(f"the experiment is {self.state} after {timeout} seconds of waiting")
        if self.task.error is not None and not isinstance(self.task.error, StoppedError):
            raise self.task.error
        return Folder(self._asked[1])

    def config(self) -> Config:
        """The configuration that the controls ask for.

        Raises:
            ValueError, TypeError: they ask for what there is not.
        """
        return self.choices.config()

    def _on_price(self, button: Any = None) -> None:
        self._begin("timing", "A few steps are timed.")

    def _on_start(self, button: Any = None) -> None:
        self._begin("running", "")

    def _begin(self, state: str, said: str) -> None:
        """Do what the controls ask for; an alert if that is not possible."""
        if self.busy:
            return
        try:
            config, device = self.config(), self.device.value
            if state == "timing":
                self._launch(state, said, lambda task: self._show_price(config, device))
            else:
                self._asked, self._curves = (config, self.choices.place(config), device), Curves()
                self._go_on()
        except (TypeError, ValueError, OSError) as error:
            self._alert("Not possible", error)

    def _on_pause(self, button: Any = None) -> None:
        if self.task and self._become("paused", "The thread waits between two evaluations; Resume goes on.", "running"):
            self.task.go.clear()
            self.resume.focus()

    def _on_resume(self, button: Any = None) -> None:
        if self.task and self._become("running", "It goes on.", "paused"):
            self.task.go.set()
            self.pause.focus()
        elif self.state == "stopped":
            self._go_on()

    def _on_stop(self, button: Any = None) -> None:
        if self.task and self._become("stopping", "At the next evaluation it writes a snapshot.", "running", "paused"):
            self.task.stop.set()
            self.task.go.set()

    def _go_on(self) -> None:
        """Begin the run that was asked for last, or go on with it from its snapshot."""
        config, place, device = self._asked
        self._launch("running", f"{config.name} is under way.", partial(self._train, config, place, device))
        self.pause.focus()

    def _launch(self, state: str, said: str, work: Callable[[Task], Any]) -> None:
        task = Task(work, self._ended)
        self.error.value, self._before = "", self.state
        if state == "running":
            self.task, self.meter = task, None
        self._become(state, said)
        task.start()

    def _train(self, config: Config, place: Path, device: str, task: Task) -> Folder:
        """In the thread: everything that takes long."""
        price = self._show_price(config, device)
        begun = (place / "config.json").exists()
        if begun:  # what is known of jobs that are not finished stays, too
            self._curves.of |= Curves(Folder(place).finished()).of
        self.meter = meter = Meter(config, price)
        return run(config, place, resume=begun, data=self.data, device=device, interval=self.interval, stop=task.stop,
                   watcher=partial(self._watch, task, meter))  # fmt: skip

    def _show_price(self, config: Config, device: str) -> Estimate:
        if self._priced is None or self._priced[:2] != (config, device):
            self._priced = config, device, estimate(config, device=device)
            self.table.value = price_table(self._priced[2])
        return self._priced[2]

    def _watch(self, task: Task, meter: Meter, progress: Progress) -> None:
        """In the thread, after every evaluation: show where it stands now and then, and wait while it is paused."""
        said, now = meter.read(progress), time.monotonic()
        self._news |= self._curves.note(progress)
        if self._news and now - self._drawn >= CURVE_EVERY:
            self._draw()
        waits = not task.go.is_set()
        if waits or now - self._shown >= BAR_EVERY:
            self._show_progress(meter, said)
        if waits:
            if self._news:
                self._draw()
            began = time.monotonic()
            task.go.wait()
            meter.paused += time.monotonic() - began

    def _ended(self, task: Task) -> None:
        """In the thread, at its end."""
        timed, stopped = task is not self.task, isinstance(task.error, StoppedError)
        if not timed and self.meter:
            self._show_progress(self.meter, self.meter.said or "all jobs had been finished before")
            self._draw()
        if task.error is not None and not stopped:
            self._alert("Failed", task.error)
            self._become("failed", "What was finished is kept.")
        elif stopped:
            self._become("stopped", f"It {task.error}. A snapshot is written; Resume goes on from it.")
        elif timed:
            self._become(self._before, "Nothing runs. Below is what the experiment would cost.")
        else:
            self.bar.value = 1.0
            self._become("finished", f"The results are in {task.found.path}.")
