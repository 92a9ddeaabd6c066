"""Recorded training on the digits at eight learning rates, forward and backward, looked at again."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from revorder.diagnostics.spreads import spread_along_path
from revorder.live.base import LiveFigure
from revorder.live.recordings import RATES, load
from revorder.plots.paths import paths_figure
from revorder.plots.picture import Picture
from revorder.trajectories.trajectory import Trajectory

LAST = 50  # looks over which the spread is taken
METRIC = "test loss"


class LearningRates(LiveFigure):
    """The test loss of the digits MLP along recorded paths, and its spread about the trend of the last 50 looks.

    Attributes:
        lr: one of the recorded learning rates.
        seen: the rates whose spreads are shown beside each other.
        recording: what `revorder.live.recordings.load` gives: losses in nats at rates and looks.
        step: number of looks shown, 0 … 200; there is one every 10 steps.
    """

    figure = "learning_rates"
    lr = traitlets.Enum(RATES, 0.1).tag(sync=True)
    seen = traitlets.List(traitlets.Float(), [0.1]).tag(sync=True)
    recording = traitlets.Dict().tag(sync=True)
    step = traitlets.Int(200, min=0, max=200).tag(sync=True)

    @traitlets.default("recording")
    def _recorded(self) -> dict[str, Any]:
        return load("digits_rates")

    def path(self, order: str, lr: float | None = None) -> Trajectory:
        """The recorded losses of "forward" or "backward" at a rate, by default the one that is shown."""
        losses = self.recording[order][self.recording["rates"].index(self.lr if lr is None else lr)]
        return Trajectory(order, self.recording["looks"], None, {METRIC: np.array(losses, dtype=float)})

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: (rates,) spreads in nats; forward_trend, backward_trend: (50,), the line at the rate lr.

        NaN where a recorded run is not finite.
        """
        found = {}
        for order in ("forward", "backward"):
            found[order] = np.array([_spread(self.path(order, rate)) for rate in self.recording["rates"]])
            found[f"{order}_trend"] = _trend(self.path(order))
        return found

    @property
    def picture(self) -> Picture:
        """Both paths at the rate that is shown, and their last 50 looks."""
        f, b = (_spread(self.path(order)) for order in ("forward", "backward"))
        more, less, ratio = ("Forward", "backward", f / b) if f > b else ("Backward", "forward", b / f)
        title = f"{more} jitters {ratio:.2g} times as much as {less} at h = {self.lr}"
        paths = [self.path(order) for order in ("forward", "backward")]
        return paths_figure(paths, METRIC, unit="nats", last=LAST, log=True, trend=True, title=title)


def _spread(path: Trajectory) -> float:
    if not np.isfinite(path.metrics[METRIC][-LAST:]).all():
        return float("nan")
    return spread_along_path(path, METRIC, LAST, trend=True)


def _trend(path: Trajectory) -> np.ndarray:
    """The straight line that fits the last losses best, there."""
    steps, losses = np.array(path.steps[-LAST:]), path.metrics[METRIC][-LAST:]
    if not np.isfinite(losses).all():
        return np.full(len(steps), np.nan)
    return np.asarray(np.polynomial.Polynomial.fit(steps, losses, 1)(steps))
