"""The live figure of windows: a window of batches, corrected by brackets to follow the backward one, and its price."""

from __future__ import annotations

import math

import numpy as np
import torch
import traitlets

from revorder.diagnostics import window_correction
from revorder.live.base import LiveFigure
from revorder.live.bowls import RATES, both_ways, bowl_loss, gaps
from revorder.live.tosses import normal, uniform
from revorder.live.traits import Real, Seed, reals
from revorder.plots.brackets import slope_figure
from revorder.plots.picture import Picture

SPREAD = 0.9  # of the minimisers
STREAM = 7  # of the random numbers; the next one is for the angles


class CorrectedWindow(LiveFigure):
    """w batches in the plane, losses that are like quadratics near their minimisers; a window of them in three ways.

    Attributes:
        width: w, batches in the window, 2 … 12.
        lr: learning rate h, 0.0125 … 0.8.
        start: the state at which the window begins, two numbers, -3 … 3.
        seed: of the minimisers and the directions of the steep axes.
    """

    figure = "brackets_window"
    width = traitlets.Int(5, min=2, max=12).tag(sync=True)
    lr = Real(0.1, min=0.0125, max=0.8).tag(sync=True)
    start = reals([1.8, -1.6], -3, 3).tag(sync=True)
    seed = Seed(1).tag(sync=True)

    @property
    def batches(self) -> torch.Tensor:
        """(w, 3): x, y and the angle of the steep axis in radians, oldest batch first."""
        places = SPREAD * normal(self.seed, 2 * self.width, STREAM).reshape(self.width, 2)
        angles = math.pi * uniform(self.seed, self.width, STREAM + 1)
        return torch.from_numpy(np.column_stack([places, angles]))

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: (w + 1, 2); correction: (2,); gaps, missed: (8,), at h and at RATES; prices: (4,).

        The prices, in evaluations of T: forward, backward, corrected, corrected pair by pair.
        """
        loss, start = bowl_loss("log cosh"), torch.tensor(self.start, dtype=torch.float64)
        ways = both_ways(loss, start, self.batches, self.lr)
        predicted = window_correction(loss, start, self.batches, 1.0).numpy()
        sizes = gaps(loss, start, self.batches, self.lr, predicted)
        return {**ways, "correction": self.lr**2 * predicted, **sizes, "prices": np.array(prices(self.width))}

    @property
    def picture(self) -> Picture:
        """How far the forward window, plain and corrected, ends from the backward one, against the learning rate."""
        states = self.states()
        sizes = {"forward": states["gaps"][1:], "forward, corrected": states["missed"][1:]}
        plain, _, corrected, _ = prices(self.width)
        title = f"A window of {self.width}: one order better, for {corrected} evaluations instead of {plain}"
        return slope_figure(RATES, sizes, ylabel="distance from backward's end", title=title)


def prices(width: int) -> list[int]:
    """Evaluations of T for a window: forward, backward, corrected, corrected pair by pair.

    A gradient is one and a Hessian-vector product two; of the gradients at the start one is forward's first.

    >>> prices(5)
    [5, 5, 19, 49]
    """
    gradients, pairs = 2 * width - 1, width * (width - 1) // 2
    return [width, width, gradients + 2 * width, gradients + 4 * pairs]
