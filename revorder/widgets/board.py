"""The face of the experiment panel: its controls, its buttons, and what it shows of a run."""

from __future__ import annotations

import html
import threading
import time

import ipywidgets as W

from revorder.widgets.base import Explorer, row, side_by_side
from revorder.widgets.choices import Choices
from revorder.widgets.live import Curves, Meter

ENABLED = {  # state -> the buttons that do something
    "idle": "price start", "timing": "", "running": "pause stop", "paused": "resume stop", "stopping": "",
    "stopped": "price start resume", "finished": "price start", "failed": "price start",
}  # fmt: skip
ENGINES = (
    "Engine <b>replay</b>: checkpoints arrive one after another, and a resumed run has the same bits as one that was "
    "not stopped. <b>wavefront</b>: states that need the same batch advance together where that is faster; then "
    "backward checkpoints arrive together, too, at the end of their job, and the curve stands still until then. A "
    "resumed run is equal up to rounding."
)


class Board(Explorer):
    """What is seen of an `ExperimentPanel`, which has the list of attributes. It starts nothing itself."""

    def __init__(self, choices: Choices):
        self.choices = choices
        self.experiment, self.profile, self.orders, self.seeds, self.engine, self.device, self.folder = self.controls
        self.price, self.start = _button("Cost and ETA"), _button("Start")
        self.pause, self.resume, self.stop = _button("Pause"), _button("Resume"), _button("Stop")
        self._lock, self.state, self.said = threading.RLock(), "idle", ""
        self._curves, self._shown, self._drawn, self._news = Curves(), 0.0, 0.0, False
        self.view = self._arrange()

    def _arrange(self) -> W.Box:
        self.bar = W.FloatProgress(0, min=0, max=1, layout=W.Layout(width="240px"))
        self.progress, self.status, self.error, note = W.HTML(), W.HTML(), W.HTML(), W.HTML(ENGINES)
        # room is kept for texts, table and picture, so that nothing moves
        self.error.layout.min_height = self.status.layout.min_height = "2em"
        self.table = W.HTML(layout=W.Layout(min_height="18em"))
        self.figure = W.HTML(layout=W.Layout(min_height="330px"))
        columns, buttons = side_by_side(self.controls[:4], self.controls[4:]), row(*self.buttons)
        return W.VBox([columns, buttons, self.error, self.status, row(self.bar, self.progress),
                       self.figure, self.table, note])  # fmt: skip

    @property
    def controls(self) -> tuple[W.Widget, ...]:
        """All controls but the buttons, in the order in which the Tab key reaches them."""
        return self.choices.controls

    @property
    def buttons(self) -> tuple[W.Button, ...]:
        """The buttons, in the order in which the Tab key reaches them."""
        return self.price, self.start, self.pause, self.resume, self.stop

    @property
    def busy(self) -> bool:
        """Whether something is under way, so that nothing else can be started."""
        return "start" not in ENABLED[self.state].split()

    def _become(self, state: str, said: str, *among: str) -> bool:
        """Change the state, unless it is not one of `among`; the thread and the buttons may come at the same moment."""
        with self._lock:
            if among and self.state not in among:
                return False
            self.state, self.said = state, said
            for name in ("price", "start", "pause", "resume", "stop"):
                getattr(self, name).disabled = name not in ENABLED[state].split()
            self.choices.disable(self.busy)
            self.status.value = f'<div role="status"><b>{state.capitalize()}.</b> {html.escape(said)}</div>'
            return True

    def _alert(self, what: str, error: Exception) -> None:
        said = html.escape(f"{type(error).__name__}: {error}" if what == "Failed" else str(error))
        self.error.value = f'<div role="alert"><b>{what}:</b> {said}</div>'

    def _show_progress(self, share: float, said: str) -> None:
        self.bar.value, self.progress.value = share, html.escape(said)
        self._shown = time.monotonic()

    def _show_meter(self, meter: Meter) -> None:
        self._show_progress(meter.evaluations / meter.total, meter.said)

    def _draw(self) -> None:
        self.picture = self._curves.picture()
        self.figure.value = self.picture.html
        self._drawn, self._news = time.monotonic(), False


def _button(said: str) -> W.Button:
    return W.Button(description=said, layout=W.Layout(width="120px"))
