"""The second live figure of notebook 04: draws with a certificate, and forward runs, against the exact law."""

from __future__ import annotations

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import path, towards
from revorder.live.tosses import tosses
from revorder.live.traits import Real, Seed
from revorder.plots.perfect import SIZES, ks_distances, perfect_figure
from revorder.plots.picture import Picture
from revorder.theory import steps_needed

SAMPLES, LONGEST, COMPARED = 2000, 40, 50


class PerfectSampler(LiveFigure):
    """Draws of the law of SGD on coin tosses, θ ← θ - h(θ - x): backward with a certificate, and forward beside it.

    Attributes:
        lr: learning rate h, ½ ≤ h < 1, where the exact law is computed in the page.
        tol: how far a backward draw may be from an exact one, at most; the depth follows from the a-priori bound.
        start: θ_0 of both orders, -0.5 … 1.5.
        stopped: steps of every forward run, 0 … 40.
        seed: of the tosses.
        step: how many draws are shown, 0 … 2000.
    """

    figure = "perfect_sampler"
    step = traitlets.Int(300, min=0, max=SAMPLES).tag(sync=True)
    lr = Real(2 / 3, min=0.1, max=0.9).tag(sync=True)
    tol = Real(1e-6, min=1e-9, max=1).tag(sync=True)
    start = Real(1.4, min=-0.5, max=1.5).tag(sync=True)
    stopped = traitlets.Int(2, min=0, max=LONGEST).tag(sync=True)
    seed = Seed(0).tag(sync=True)

    @property
    def depth(self) -> int:
        """n, the batches behind each backward draw."""
        return steps_needed(1 - self.lr, self.lr * max(abs(self.start), abs(1 - self.start)), self.tol)

    @property
    def tosses(self) -> np.ndarray:
        """Row k: the tosses of draw k, int64 (2000, 40)."""
        return tosses(self.seed, SAMPLES * LONGEST).reshape(SAMPLES, LONGEST)

    def draws(self, order: str) -> np.ndarray:
        """All 2000 draws of an order, "forward" or "backward", float64."""
        n = self.stopped if order == "forward" else self.depth
        start = torch.full((SAMPLES,), self.start, dtype=torch.float64)
        batches = torch.tensor(self.tosses[:, :n].T, dtype=torch.float64)
        return np.asarray(path(towards(self.lr), start, batches, order, [n], engine="replay")[-1])

    def states(self) -> dict[str, np.ndarray]:
        """depth (1,); the first 50 draws of each order; their distances from the exact law for 10, 20, … 2000 draws."""
        found = {"depth": np.array([self.depth])}
        for order in ("backward", "forward"):
            draws = self.draws(order)
            found[order] = draws[:COMPARED]
            found[f"{order}_distances"] = ks_distances(draws, self.lr, SIZES)
        return found

    @property
    def picture(self) -> Picture:
        """The laws of the backward draws that are shown, and how their distance falls."""
        return perfect_figure({self.depth: self.draws("backward")[: max(10, self.step)]}, self.lr)
