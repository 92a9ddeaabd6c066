"""The live figure of notebook 05: runs in a noisy bowl, and their stationary variance against the learning rate."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import Map, path
from revorder.live.tosses import normal
from revorder.live.traits import Real, Seed, reals
from revorder.orders import order as known
from revorder.plots.bowl import bowl_figure
from revorder.plots.picture import Picture
from revorder.running.run import run
from revorder.theory.covariance import small_lr_covariance, stationary_covariance

STEPS, SEEDS = 200, 200
COMPARED = 60  # steps that `states` gives
NOISE = np.diag([1.0, 0.25])  # covariance of the x_i
TURN, STREAM = math.pi / 6, 5  # direction of the steep axis; of the random numbers
LOOKS = (1, 2, 57)  # steps at which `states` gives the chosen order


class Bowl(LiveFigure):
    """The loss of batch i is ½ θᵀHθ - x_iᵀθ: one Hessian for all batches, and independent Gaussian x_i.

    H has curvature 1 along an axis at 30 degrees to θ₁, and 1 / condition across it; so no rate from 2 on is stable.

    Attributes:
        lr: learning rate h, 0.02 … 2.3.
        condition: condition number of H, 1 … 20.
        order: what is compared with forward, such as "backward" or "backward-window:20".
        start: θ_0, two numbers, -3 … 3.
        seed: of the x_i of all runs.
        step: steps shown, 0 … 200.
    """

    figure = "bowl"
    lr = Real(0.3, min=0.02, max=2.3).tag(sync=True)
    condition = traitlets.Int(5, min=1, max=20).tag(sync=True)
    order = traitlets.Unicode("backward").tag(sync=True)
    start = reals([-2.3, 2.1], -3, 3).tag(sync=True)
    seed = Seed(0).tag(sync=True)

    @traitlets.validate("order")
    def _order(self, proposal: Any) -> str:
        text = str(proposal["value"])
        try:
            known(text)
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None
        if text.startswith("shuffled"):
            raise traitlets.TraitError(f"order: got {text!r}, but the page has no shuffled orders")
        return text

    @property
    def hessian(self) -> np.ndarray:
        """H, (2, 2)."""
        steep, flat = np.array([math.cos(TURN), math.sin(TURN)]), np.array([-math.sin(TURN), math.cos(TURN)])
        return np.outer(steep, steep) + np.outer(flat, flat) / self.condition

    @property
    def covariance(self) -> np.ndarray:
        """The stationary covariance Σ, (2, 2); NaN where there is none."""
        return stationary_covariance(self.hessian, NOISE, self.lr) if self.lr < 2 else np.full((2, 2), np.nan)

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: (61, 2), of one run; other: (3, 2), in `order` at the steps 1, 2, 57; ends: (400,), θ₁, θ₂
        of 200 runs in `order` at step 60; covariance; variances: (2,), its trace and that for small h."""
        one, start = batches_of(self.seed)[0], torch.tensor(self.start, dtype=torch.float64)
        found = {}
        for order, engine in (("forward", "replay"), ("backward", "affine")):
            found[order] = path(self._map(), start, one[:COMPARED], order, engine=engine)
        found["other"] = run(self._map(), start, one, self.order, LOOKS, engine="replay", progress=False).states.numpy()
        return {**found, "ends": self.ends(self.order, COMPARED).ravel(), **self._predicted()}

    def ends(self, order: str, n: int = STEPS) -> np.ndarray:
        """The states of all runs at step n in an order, (200, 2)."""
        start = torch.tensor(self.start, dtype=torch.float64).expand(SEEDS, 2)
        together = batches_of(self.seed).transpose(0, 1)  # one map moves all runs, each by its own x
        made = run(self._map(), start, together, order, [n], engine="replay", progress=False)
        return np.asarray(made.states[0].numpy())

    def _map(self) -> Map:
        lr, hessian = self.lr, torch.from_numpy(self.hessian)
        return lambda theta, x: theta - lr * ((theta[..., None] * hessian).sum(-2) - x)

    def _predicted(self) -> dict[str, np.ndarray]:
        small = small_lr_covariance(self.hessian, NOISE, self.lr).trace()
        return {"covariance": self.covariance, "variances": np.array([self.covariance.trace(), small])}

    @property
    def picture(self) -> Picture:
        """Where 200 runs are at step 200, forward and in the chosen order, and the variance against h."""
        rates = np.linspace(0.02, 1.98, 99)
        exact = [stationary_covariance(self.hessian, NOISE, rate).trace() for rate in rates]
        small = [small_lr_covariance(self.hessian, NOISE, rate).trace() for rate in rates]
        ends = {order: self.ends(order) for order in dict.fromkeys(("forward", self.order))}
        return bowl_figure(ends, self.hessian, self.covariance, self.lr, (rates, exact, small))


@lru_cache(maxsize=4)
def batches_of(seed: int) -> torch.Tensor:
    """x of all runs, (200, 200, 2): not to be changed."""
    drawn = normal(seed, 2 * SEEDS * STEPS, STREAM).reshape(SEEDS, STEPS, 2) * np.sqrt(NOISE.diagonal())
    return torch.from_numpy(drawn)
