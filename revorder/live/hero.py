"""The opening figure of the course: two parameters of a linear regression, forward and backward."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import path
from revorder.live.recordings import load
from revorder.live.traits import Real, reals
from revorder.plots.picture import Picture
from revorder.plots.plane import plane_figure


class Regression(LiveFigure):
    """The states in the plane and along the steps; the start can be dragged, the learning rate changed.

    The batches are four examples each of scikit-learn's diabetes data, body mass index and blood lipids (standardised)
    against the progress of the disease. The loss of a batch is a quadratic, its gradient H_i θ - g_i.

    Attributes:
        lr: learning rate h, 0.02 … 1.8.
        start: θ_0, two numbers, -0.4 … 1.
        maps: [H_00, H_01, H_11, g_0, g_1] for each of 120 batches.
        best: the least-squares solution over all examples.
        hessian: [H_00, H_01, H_11] of the loss over all examples.
    """

    figure = "hero"
    lr = Real(0.2, min=0.02, max=1.8).tag(sync=True)
    start = reals([0.0, 0.0], -0.4, 1).tag(sync=True)
    maps: traitlets.List[Any] = traitlets.List().tag(sync=True)
    best: traitlets.List[float] = traitlets.List().tag(sync=True)
    hessian: traitlets.List[float] = traitlets.List().tag(sync=True)

    def __init__(self, **traits: Any):
        super().__init__(**{**load("regression"), **traits})

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: (121, 2), the states F_0 … F_120 and B_0 … B_120."""
        maps = torch.tensor(self.maps, dtype=torch.float64)
        start = torch.tensor(self.start, dtype=torch.float64)
        found = {}
        for order in ("forward", "backward"):
            found[order] = path(self._step, start, maps, order, engine="replay")
        return found

    def _step(self, theta: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
        return theta - self.lr * (batch[[0, 1, 1, 2]].reshape(2, 2) @ theta - batch[3:])

    @property
    def picture(self) -> Picture:
        """All steps, in the plane and against n."""
        return plane_figure(self.states(), self.best)
