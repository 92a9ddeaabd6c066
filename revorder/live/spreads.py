"""The live figure of notebook 02 about uncertainty: four spreads, of which one vanishes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.chaos import CORNERS
from revorder.live.paths import path, towards
from revorder.live.tosses import tosses
from revorder.live.traits import Real, Seed, reals
from revorder.plots.chaos import clouds_figure
from revorder.plots.picture import Picture

SHOWN, SOME, WINDOW = 16, 10, 6  # steps, seeds and last steps that `states` gives; the page shows 500, 400 and 50
STEPS, SEEDS, LAST = 500, 400, 50


class Spreads(LiveFigure):
    """One run of the chaos game and 400 seeds, forward and backward, with the spread of the height in each.

    Attributes:
        lr: learning rate h, 0.05 … 0.95.
        seed: of the tosses.
        start: θ_0, two numbers.
        shown: "spread" for the four standard deviations, "distance" for distances to the minimum of the mean loss.
        step: n, 0 … 500.
    """

    figure = "spreads"
    lr = Real(0.5, min=0.05, max=0.95).tag(sync=True)
    seed = Seed(0).tag(sync=True)
    start = reals([0.0, 0.0], 0, 1).tag(sync=True)
    shown = traitlets.Enum(["spread", "distance"], "spread").tag(sync=True)
    step = traitlets.Int(200, min=0, max=STEPS).tag(sync=True)

    def states(self) -> dict[str, np.ndarray]:
        """The first 16 steps of the run, and spreads of the height (its last 6 steps; 10 seeds).

        forward, backward, average: (17, 2), the average of forward's steps 1 … n; along_forward, along_backward: (16,),
        from step 1 on; seeds_forward, seeds_backward: (17,).
        """
        found: dict[str, np.ndarray] = {}
        many = tosses(self.seed, SHOWN * SOME, 3, stream=1).reshape(SOME, SHOWN)
        drawn = np.vstack([tosses(self.seed, SHOWN, 3), many])  # the one run, then the seeds
        for order in ("forward", "backward"):
            paths = self.runs(order, drawn, range(1, SHOWN + 1))
            found[order], heights = paths[:, 0], paths[:, :, 1]
            last = [heights[max(1, n - WINDOW + 1) : n + 1, 0] for n in range(1, SHOWN + 1)]
            found[f"along_{order}"] = np.array([each.std() for each in last])
            found[f"seeds_{order}"] = heights[:, 1:].std(axis=1, ddof=1)
        means = np.cumsum(found["forward"][1:], axis=0) / np.arange(1, SHOWN + 1)[:, None]
        return {**found, "average": np.concatenate([found["forward"][:1], means])}

    def runs(self, order: str, drawn: np.ndarray, steps: Sequence[int]) -> np.ndarray:
        """The start, and the states at these steps, of many runs, whose tosses are the rows of `drawn`.

        Returns:
            (1 + steps, runs, 2).
        """
        start = torch.tensor(self.start, dtype=torch.float64).repeat(len(drawn), 1)
        batches = torch.tensor(CORNERS, dtype=torch.float64)[drawn.T]
        return path(towards(self.lr), start, batches, order, steps, engine="replay")

    @property
    def picture(self) -> Picture:
        """Four clouds: the last 50 steps of one run, and all seeds at one step, at most step 100, in both orders."""
        n = min(max(self.step, 1), 100)
        drawn, many = tosses(self.seed, n, 3)[None], tosses(self.seed, STEPS * SEEDS, 3, stream=1).reshape(SEEDS, STEPS)
        late, orders = range(max(1, n - LAST + 1), n + 1), ("forward", "backward")
        clouds = {f"{order}, steps {late[0]} to {n}": self.runs(order, drawn, late)[1:, 0] for order in orders}
        clouds |= {f"{order}, step {n} of {SEEDS} seeds": self.runs(order, many, [n])[-1] for order in orders}
        title = "Along its path backward comes to rest; over seeds it spreads as forward does"
        if (1 - self.lr) ** late[0] > 1e-3:
            title = "One run over its last steps, and many seeds at one step"
        return clouds_figure(
            clouds, np.array(CORNERS), title=title, backward=[name for name in clouds if "back" in name]
        )
