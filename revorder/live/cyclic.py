"""A live figure of notebook 05: batches that repeat in a cycle."""

from __future__ import annotations

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import path, towards
from revorder.live.traits import Real, points, reals
from revorder.plots.picture import Picture
from revorder.plots.quadratics import cycle_figure
from revorder.theory.cycles import backward_limit, cycle_points

STEPS = 120
TARGETS = [[0.9, 0.5], [0.18, 0.75], [0.62, 0.88], [0.6, 0.1], [0.15, 0.28], [0.9, 0.85], [0.4, 0.95], [0.95, 0.15]]


class CyclicBatches(LiveFigure):
    """The loss of batch i is ½|θ - x_i|², and the K targets x_i come again and again in the same order.

    Attributes:
        lr: learning rate h, 0.02 … 1.9.
        batches: K, 2 … 8.
        targets: eight points, [[x, y], …], of which the first K are used.
        start: θ_0, two numbers.
        step: steps shown, 0 … 120.
    """

    figure = "cyclic"
    lr = Real(0.4, min=0.02, max=1.9).tag(sync=True)
    batches = traitlets.Int(5, min=2, max=8).tag(sync=True)
    targets = points(TARGETS, 0, 1).tag(sync=True)
    start = reals([0.05, 0.95], 0, 1).tag(sync=True)

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: (121, 2); points: (K, 2), forward's limits along n ≡ 0, 1, … mod K; limit: (2,), that of
        backward; minimiser: (2,), of the mean loss."""
        used, start = np.array(self.targets[: self.batches]), torch.tensor(self.start, dtype=torch.float64)
        repeated = torch.from_numpy(used[np.arange(STEPS) % self.batches])
        found = {"minimiser": used.mean(axis=0)}
        for order, engine in (("forward", "replay"), ("backward", "affine")):
            found[order] = path(towards(self.lr), start, repeated, order, engine=engine)
        maps = np.tile((1 - self.lr) * np.eye(2), (self.batches, 1, 1)), self.lr * used
        return {**found, "points": cycle_points(*maps), "limit": np.asarray(backward_limit(*maps))}

    @property
    def picture(self) -> Picture:
        """The last steps in the plane, and the distance from backward's limit."""
        found = self.states()
        title = f"{self.batches} batches in a cycle: forward runs round them, backward stops at one point"
        return cycle_figure(found["forward"][1:], found["backward"][1:], found["points"], found["limit"],
                            found["minimiser"], title=title)  # fmt: skip
