"""The third live figure of notebook 01: a backward path, its limit, and two bounds on the distance to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import towards
from revorder.live.tosses import tosses
from revorder.live.traits import Real, Seed
from revorder.plots.contraction import bounds_figure
from revorder.plots.picture import Picture
from revorder.running.run import run
from revorder.theory import a_posteriori_bound, error_bound
from revorder.trajectories.trajectory import Trajectory

STEPS, FAR = 30, 400  # the steps shown; one that counts as the limit
EXACT = 12  # steps at which the distance to the limit is far above rounding


class Bounds(LiveFigure):
    """Backward in the coin model, T(θ) = θ - h (θ - x) with tosses x of 0 or 1: what two bounds say of B_∞ - B_n.

    Attributes:
        lr: learning rate h, 0.1 … 0.9.
        seed: of the tosses.
        start: θ_0, -0.5 … 1.5.
        step: steps shown, 0 … 30.
    """

    figure = "bounds"
    step = traitlets.Int(12, min=0).tag(sync=True)
    lr = Real(0.5, min=0.1, max=0.9).tag(sync=True)
    seed = Seed(14).tag(sync=True)
    start = Real(0.0, min=-0.5, max=1.5).tag(sync=True)

    @property
    def trajectory(self) -> Trajectory:
        """The backward run: states (31,) at the steps 1 … 30 and 400, which counts as the limit."""
        batches, start = (torch.tensor(each, dtype=torch.float64) for each in (tosses(self.seed, FAR), self.start))
        steps = [*range(1, STEPS + 1), FAR]
        return run(towards(self.lr), start, batches, "backward", steps, engine="affine", progress=False)

    @property
    def first_move(self) -> float:
        """R: how far one toss, 0 or 1, can move the start."""
        return self.lr * max(abs(self.start), abs(1 - self.start))

    def states(self) -> dict[str, np.ndarray]:
        """path: (31,), B_0 … B_30; limit: (1,), B_400; before, after: (30,), the a-priori and the a-posteriori bound.

        error: (12,), |limit - B_n| at the steps 1 … 12; row: (1,), how often in a row it is above `after` there.
        """
        states, rate = self.trajectory.states.numpy(), 1 - self.lr
        path, limit = np.concatenate([[self.start], states[:-1]]), states[-1]
        moves = rate ** np.arange(STEPS) * self.lr * abs(tosses(self.seed, STEPS) - self.start)
        found = {"path": path, "limit": np.array([limit]), "error": abs(limit - path)[1 : EXACT + 1]}
        found["before"] = np.array([error_bound(rate, n, self.first_move) for n in range(1, STEPS + 1)])
        found["after"] = np.array([a_posteriori_bound(rate, move) for move in moves])
        fails = found["after"][:EXACT] < found["error"] * (1 - 1e-12)
        found["row"] = np.array([max(len(part) for part in "".join("01"[int(each)] for each in fails).split("0"))])
        return found

    @property
    def picture(self) -> Picture:
        """Distances and bounds up to this step, on a logarithmic axis."""
        made, n = self.trajectory, min(max(self.step, 1), STEPS)
        shown = replace(made, steps=made.steps[:n], states=made.states[:n])
        return bounds_figure(shown, self.start, float(made.state(FAR)), 1 - self.lr, self.first_move)
