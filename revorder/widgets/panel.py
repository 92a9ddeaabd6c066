"""The widget of notebook 10: see what an experiment costs, start it, watch it, pause it, stop it, and go on."""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as W

from revorder.experiments import Config, Folder, Progress, StoppedError, run
from revorder.experiments.estimates import Estimate, estimate
from revorder.experiments.running import INTERVAL
from revorder.widgets.base import Explorer, row, side_by_side
from revorder.widgets.choices import Choices
from revorder.widgets.live import Curves, Meter, Task, price_table

ENABLED = {  # state -> the buttons that do something
    "idle": "price start", "timing": "", "running": "pause stop", "paused": "resume stop", "stopping": "",
    "stopped": "price start resume", "finished": "price start", "failed": "price start",
}  # fmt: skip
BUSY = ("timing", "running", "paused", "stopping")
BAR_EVERY, CURVE_EVERY = 0.1, 1.0  # seconds
ENGINES = (
    "Engine <b>replay</b>: checkpoints arrive one after another, and a resumed run has the same bits as one that was "
    "not stopped. <b>wavefront</b>: faster, but all backward checkpoints arrive at the end of their job, so that the "
    "curve stands still until then; a resumed run is equal up to rounding."
)


class ExperimentPanel(Explorer):
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
        state: a key of `ENABLED`.
        evaluations: made until now, of all jobs.
        picture: the curves of the test loss, a `Picture`.
        table, bar, progress, status, error, figure: what is shown.
        view: the box to display; the object itself displays as it.
    """

    def __init__(
        self, name: str = "mlp-digits", profile: str = "smoke", *, config: Config | None = None,
        folder: str | Path | None = None, data: str | Path | None = None, interval: float = INTERVAL,
    ):  # fmt: skip
        self.data, self.interval = data, interval
        self.choices = Choices(name, profile, config, folder)
        self.experiment, self.profile, self.orders, self.seeds, self.engine, self.device, self.folder = self.controls
        self._lock, self.state = threading.RLock(), "idle"
        self.task: Task | None = None
        self.meter: Meter | None = None
        self._priced: tuple[Config, str, Estimate] | None = None
        self._curves, self._shown, self._drawn = Curves(), 0.0, 0.0
        self._make_buttons()
        self.view = self._arrange()
        self._draw()
        self._become("idle", "Nothing runs. Look at cost and ETA, then start.")

    def _make_buttons(self) -> None:
        def button(said: str, press: Callable[[Any], None]) -> W.Button:
            made = W.Button(description=said, layout=W.Layout(width="120px"))
            made.on_click(press)
            return made

        self.price, self.start = button("Cost and ETA", self._on_price), button("Start", self._on_start)
        self.pause, self.resume = button("Pause", self._on_pause), button("Resume", self._on_resume)
        self.stop = button("Stop", self._on_stop)

    def _arrange(self) -> W.Box:
        self.bar = W.FloatProgress(0, min=0, max=1, layout=W.Layout(width="240px"))
        self.progress, self.status, self.error, note = W.HTML(), W.HTML(), W.HTML(), W.HTML(ENGINES)
        # room is kept for texts, table and picture, so that nothing moves
        self.error.layout.min_height = self.status.layout.min_height = "2em"
        self.table = W.HTML(layout=W.Layout(min_height="11em"))
        self.figure = W.HTML(layout=W.Layout(min_height="330px"))
        columns, buttons = side_by_side(self.controls[:4], self.controls[4:]), row(*self.buttons)
        return W.VBox([columns, note, buttons, self.error, self.status,
                       row(self.bar, self.progress), self.table, self.figure])  # fmt: skip

    @property
    def controls(self) -> tuple[W.Widget, ...]:
        """All controls but the buttons, in the order in which the Tab key reaches them."""
        return self.choices.controls

    @property
    def buttons(self) -> tuple[W.Button, ...]:
        """The buttons, in the order in which the Tab key reaches them."""
        return self.price, self.start, self.pause, self.resume, self.stop

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
        if self.state in BUSY:
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

    def _become(self, state: str, said: str, *among: str) -> bool:
        """Change the state, unless it is not one of `among`; the thread and the buttons may come at the same moment."""
        with self._lock:
            if among and self.state not in among:
                return False
            self.state = state
            for name in ("price", "start", "pause", "resume", "stop"):
                getattr(self, name).disabled = name not in ENABLED[state].split()
            self.choices.disable(state in BUSY)
            self.status.value = f'<div role="status"><b>{state.capitalize()}.</b> {html.escape(said)}</div>'
            return True

    def _alert(self, what: str, error: Exception) -> None:
        said = html.escape(f"{type(error).__name__}: {error}" if what == "Failed" else str(error))
        self.error.value = f'<div role="alert"><b>{what}:</b> {said}</div>'

    def _show_progress(self, meter: Meter, said: str) -> None:
        self.bar.value, self.progress.value = meter.evaluations / meter.total, html.escape(said)
        self._shown = time.monotonic()

    def _draw(self) -> None:
        self.picture = self._curves.picture()
        self.figure.value = self.picture.html
        self._drawn, self._news = time.monotonic(), False
