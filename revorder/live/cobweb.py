"""The first live figure of notebook 01: a cobweb of two starts, and their paths in both orders."""

from __future__ import annotations

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import path, towards
from revorder.live.tosses import tosses
from revorder.live.traits import Real, Seed
from revorder.plots.cobweb import cobweb_figure
from revorder.plots.picture import Picture

STEPS = 20
VALUES = {1: [1.0], 2: [0.0, 1.0], 3: [0.0, 0.5, 1.0]}
STILL = 0.001  # backward has settled when none of the last five moves is larger


class Cobweb(LiveFigure):
    """Two runs of the coin model on the same batches x: T(θ) = θ - h (θ - x), a line of slope 1 - h through (x, x).

    Attributes:
        lr: learning rate h, -0.2 … 2.2; beyond 2, and below 0, the maps stretch.
        seed: of the batches.
        batches: how many different ones there are: 1 (x = 1), 2 (0 and 1) or 3 (0, ½ and 1).
        a, b: the two starts, -1 … 2.
        web: the order whose cobweb is drawn, "forward" or "backward".
        step: steps shown, 0 … 20.
    """

    figure = "cobweb"
    step = traitlets.Int(14, min=0).tag(sync=True)
    lr = Real(0.4, min=-0.2, max=2.2).tag(sync=True)
    seed = Seed(8).tag(sync=True)
    batches = traitlets.Int(2, min=1, max=3).tag(sync=True)
    a = Real(-0.8, min=-1, max=2).tag(sync=True)
    b = Real(1.7, min=-1, max=2).tag(sync=True)
    web = traitlets.Enum(["forward", "backward"], "forward").tag(sync=True)

    @property
    def drawn(self) -> np.ndarray:
        """The batches x_0 … x_19: float64 (20,)."""
        return np.take(VALUES[self.batches], tosses(self.seed, STEPS, self.batches))

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: (2, 21), the states from a and from b; way: (2, step + 1), those on the way to the last.

        settles: (1,), whether backward's last five moves are all below 0.001.
        """
        n = min(self.step, STEPS)
        found = {order: self._paths(order, self.drawn) for order in ("forward", "backward")}
        found["way"] = self._paths("forward", self.drawn[:n] if self.web == "forward" else self.drawn[:n][::-1])
        found["settles"] = np.array([float(abs(np.diff(found["backward"])[:, -5:]).max() < STILL)])
        return found

    def _paths(self, order: str, drawn: np.ndarray) -> np.ndarray:
        """The states of both runs at the steps 0, 1, … of these batches: (2, batches + 1)."""
        starts = torch.tensor([self.a, self.b], dtype=torch.float64)
        return path(towards(self.lr), starts, torch.tensor(drawn.copy()), order).T

    @property
    def picture(self) -> Picture:
        """The cobweb and the paths up to this step."""
        n, states = min(self.step, STEPS), self.states()
        paths = {order: states[order][:, : n + 1] for order in ("forward", "backward")}
        return cobweb_figure(states["way"], paths, VALUES[self.batches], self.lr, self.web)
