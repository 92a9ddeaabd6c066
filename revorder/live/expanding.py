"""A live figure of notebook 05: half of the maps expand, and backward settles all the same."""

from __future__ import annotations

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import Map, path
from revorder.live.tosses import tosses
from revorder.live.traits import Seed, reals
from revorder.plots.expanding import expanding_figure
from revorder.plots.picture import Picture
from revorder.running.run import run
from revorder.theory.random_slopes import lyapunov_exponent

STEPS, SEEDS = 120, 4000
ONE, MANY = 6, 7  # streams of random numbers
COMPARED = 50  # seeds whose ends `states` gives


class ExpandingMaps(LiveFigure):
    """Batch i is the map θ → aθ + 1; a coin toss decides which of two slopes a is. Every run starts at 0.

    Attributes:
        slopes: the two slopes, each -2 … 2.
        seed: of the tosses.
        step: steps shown, 0 … 120.
    """

    figure = "expanding"
    slopes = reals([-1.5, 0.5], -2, 2).tag(sync=True)
    seed = Seed(0).tag(sync=True)
    step = traitlets.Int(STEPS, min=0).tag(sync=True)

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward, product: (121,), F_n, B_n and |a_0 ⋯ a_(n-1)|; ends: (50,), B_120 of other seeds;
        exponent: (1,), E log|a|."""
        coins = torch.from_numpy(tosses(self.seed, STEPS, 2, ONE))
        start, found = torch.zeros((), dtype=torch.float64), {}
        for order, engine in (("forward", "replay"), ("backward", "affine")):
            found[order] = path(self._map(), start, coins, order, engine=engine)
        found["product"] = np.cumprod([1.0, *np.abs(self.slopes)[coins]])
        return {**found, "ends": self.ends(COMPARED), "exponent": np.array([lyapunov_exponent(self.slopes)])}

    def ends(self, number: int = SEEDS) -> np.ndarray:
        """B_120 for that many seeds, (number,)."""
        coins = torch.from_numpy(tosses(self.seed, number * STEPS, 2, MANY)).reshape(number, STEPS).T
        start = torch.zeros(number, dtype=torch.float64)  # one map moves all runs, each by its own coin
        made = run(self._map(), start, coins, "backward", [STEPS], engine="replay", progress=False)
        return np.asarray(made.states[0].numpy())

    def _map(self) -> Map:
        slopes = torch.tensor(self.slopes, dtype=torch.float64)
        return lambda theta, coin: slopes[coin] * theta + 1

    @property
    def picture(self) -> Picture:
        """Both paths, the size of their moves, and the tail over seeds."""
        return expanding_figure(self.states(), self.ends(), self.slopes)
