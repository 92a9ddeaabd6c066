"""The first figure of the course: coin tosses as a row of maps, the newest one last (forward) or first (backward)."""

from __future__ import annotations

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import path, towards
from revorder.live.traits import Real, Seed
from revorder.plots.boxes import boxes_figure
from revorder.plots.picture import Picture

TOSSES = [1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1]


class Tosses(LiveFigure):
    """Coin tosses x_i move a number by θ -> θ - h (θ - x_i); their maps are put into a row in two ways.

    Attributes:
        lr: learning rate h, 0.1 … 0.9.
        start: θ_0 in [0, 1].
        tosses: x_0 … x_11, each 0 or 1.
        seed: of the newest tosses that were asked for.
        step: steps shown, 0 … 12.
    """

    figure = "boxes"
    lr = Real(0.5, min=0.1, max=0.9).tag(sync=True)
    start = Real(0.2, min=0, max=1).tag(sync=True)
    tosses = traitlets.List(traitlets.Int(min=0, max=1), TOSSES, minlen=12, maxlen=12).tag(sync=True)
    seed = Seed(0).tag(sync=True)
    step = traitlets.Int(6, min=0, max=12).tag(sync=True)

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: the states at steps 0 … 12; through: what B_12's value is on its way, newest map first."""
        bits = torch.tensor(self.tosses, dtype=torch.float64)
        ways = {"forward": ("forward", bits), "backward": ("backward", bits), "through": ("forward", bits.flip(0))}
        return {name: self._path(order, batches) for name, (order, batches) in ways.items()}

    def _path(self, order: str, batches: torch.Tensor) -> np.ndarray:
        return path(towards(self.lr), torch.tensor(self.start, dtype=torch.float64), batches, order)

    @property
    def picture(self) -> Picture:
        """Both rows and both paths up to the step that is shown."""
        states = self.states()
        return boxes_figure(states["forward"], states["backward"], self.tosses, self.lr, self.step)
