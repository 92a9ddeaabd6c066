"""The widget of notebook 10: see what an experiment costs, start it, watch it, pause it, stop it, and go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from revorder.experiments import Config, Folder, StoppedError
from revorder.experiments.running import INTERVAL
from revorder.widgets.choices import Choices
from revorder.widgets.live import Curves
from revorder.widgets.standing import ended_well, named, standing
from revorder.widgets.underway import STOPPING, UnderWay


class ExperimentPanel(UnderWay):
    """A control panel for experiments. They run in one thread of their own: the kernel stays free meanwhile.

    All that is shown belongs to what the controls ask for. If a result folder holds it already, whole or in part, its
    curves are shown at once, and Resume goes on with it, also after the kernel that began it has ended.

    Args:
        name, profile: the experiment that is chosen at first.
        config: a configuration of your own, as one more experiment, which is then chosen at first.
        folder: the result folder. None: every configuration has a folder of its own in `home`.
        home: where these lie. None: a fresh folder where the system keeps temporary files.
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
        folder: str | Path | None = None, home: str | Path | None = None, data: str | Path | None = None,
        interval: float = INTERVAL,
    ):  # fmt: skip
        super().__init__(Choices(name, profile, config, folder, home), data, interval)
        presses = (self._on_price, self._on_start, self._on_pause, self._on_resume, self._on_stop)
        for button, press in zip(self.buttons, presses, strict=True):
            button.on_click(press)
        self.choices.told = self._look
        self._look()

    @property
    def evaluations(self) -> int:
        """Evaluations made until now, of all jobs of the experiment."""
        return self.meter.evaluations if self.meter else 0

    def result(self, timeout: float | None = None) -> Folder:
        """Wait for the run; returns the result folder, which is unfinished if the run was stopped.

        Raises:
            RuntimeError: nothing was started, and the folder holds no results.
            TimeoutError: it still runs, or is paused, after so many seconds.
            Exception: whatever made the run fail.
        """
        if self._asked is None:
            raise RuntimeError("nothing was started: press Start first")
        if self.task is not None:
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

    def _look(self) -> None:
        """The controls have changed: what was shown belonged to something else."""
        if self.busy:
            return
        self.task = self.meter = self._asked = None
        self._curves, self.error.value = Curves(), ""
        self._show_progress(0.0, "")
        self._become("idle", "Nothing runs. Look at cost and ETA, then start.")
        try:
            config, device = self.config(), self.device.value
            self._show_table(config, device)
            self._show_standing(config, self.choices.place(config), device)
        except (TypeError, ValueError, OSError):  # Start says why
            self.table.value = ""
        self._draw()

    def _show_standing(self, config: Config, place: Path, device: str) -> None:
        found = standing(config, place)
        if found is None:
            return
        self._asked, self._curves = (config, place, device), found.curves
        self._show_progress(found.done / found.total, found.said)
        if found.done == found.total:
            self._become("finished", ended_well(config, place))
        else:
            self._become("stopped", f"{named(config)} was left unfinished in {place}. Resume goes on with it.")

    def _on_price(self, button: Any = None) -> None:
        if not self.busy and (asked := self._chosen()):
            self._time(asked[0], asked[2])

    def _on_start(self, button: Any = None) -> None:
        if not self.busy and (asked := self._chosen()):
            self._asked, self._curves = asked, Curves(unit=asked[0].unit)
            self._go_on(*asked)

    def _chosen(self) -> tuple[Config, Path, str] | None:
        """What the controls ask for; an alert if that is not possible."""
        try:
            config = self.config()
            return config, self.choices.place(config), self.device.value
        except (TypeError, ValueError, OSError) as error:
            self._alert("Not possible", error)
            return None

    def _on_pause(self, button: Any = None) -> None:
        if self.task and self._become("paused", "It waits after the evaluation under way; Resume goes on.", "running"):
            self.task.go.clear()
            self.resume.focus()

    def _on_resume(self, button: Any = None) -> None:
        if self.task and self._become("running", "It goes on.", "paused"):
            self.task.go.set()
            self.pause.focus()
        elif self.state == "stopped" and self._asked:
            self._go_on(*self._asked)

    def _on_stop(self, button: Any = None) -> None:
        if self.task and self._become("stopping", STOPPING, "running", "paused"):
            self.task.stop.set()
            self.task.go.set()
