"""The second live figure of notebook 01: two runs on the same batches, whose maps contract always, or on average."""

from __future__ import annotations

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import path
from revorder.live.tosses import tosses
from revorder.live.traits import Real, Seed, reals
from revorder.plots.cobweb import coupled_figure
from revorder.plots.picture import Picture
from revorder.theory import lyapunov_exponent

STEPS = 100


class Coupled(LiveFigure):
    """Two runs on the same coin tosses x: T(θ) = x + s (θ - x), where the toss x of 0 or 1 also chooses the slope s.

    Attributes:
        slopes: of the maps of the tosses 0 and 1, -2 … 2; sizes above 1 stretch.
        seed: of the tosses.
        a, b: the two starts, -2 … 3.
        step: steps shown, 0 … 100.
    """

    figure = "coupled"
    step = traitlets.Int(60, min=0).tag(sync=True)
    slopes = reals([0.6, 0.9], -2, 2).tag(sync=True)
    seed = Seed(1).tag(sync=True)
    a = Real(-1.0, min=-2, max=3).tag(sync=True)
    b = Real(2.0, min=-2, max=3).tag(sync=True)

    @property
    def batches(self) -> torch.Tensor:
        """Slope and shift of the maps, batch 0 first: float64 (100, 2)."""
        drawn = tosses(self.seed, STEPS)
        slopes = np.array(self.slopes, dtype=float)[drawn]
        return torch.tensor(np.stack([slopes, (1 - slopes) * drawn], axis=1))

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: (2, 101), the states from a and from b; gap: (101,), their distance, the same in both.

        mean: (1,), the factor of a step in the geometric mean.
        """
        starts, batches = torch.tensor([self.a, self.b], dtype=torch.float64), self.batches
        found = {}
        for order, engine in (("forward", "replay"), ("backward", "affine")):
            found[order] = path(lambda theta, m: m[0] * theta + m[1], starts, batches, order, engine=engine).T
        products = np.cumprod(np.abs(batches[:, 0].numpy()))
        found["gap"] = abs(self.a - self.b) * np.concatenate([[1.0], products])
        with np.errstate(divide="ignore"):
            found["mean"] = np.exp([lyapunov_exponent(self.slopes)])
        return found

    @property
    def picture(self) -> Picture:
        """Gap and paths up to this step."""
        n, states = min(self.step, STEPS), self.states()
        paths = {order: states[order][:, : n + 1] for order in ("forward", "backward")}
        return coupled_figure(paths, states["gap"][: n + 1], self.slopes)
