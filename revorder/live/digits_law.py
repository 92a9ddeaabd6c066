"""The first live figure of notebook 03: coin tosses as digits, and the law of one number."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import path, towards
from revorder.live.tosses import bits
from revorder.live.traits import Real, Seed
from revorder.plots.one_number import digits_law_figure
from revorder.plots.picture import Picture
from revorder.theory import bernoulli_values

CELLS, SEEDS, SHOWN, MOST = 256, 4000, 200, 20
STREAMS = {"forward": 1, "backward": 2}


class DigitsAndLaw(LiveFigure):
    """Loss ½(θ - x)², x a coin toss, θ_0 = 0: at learning rate ½ the states have the tosses as binary digits.

    Forward reads them from the newest, backward from the oldest. Beside it the law of F_n and B_n: many seeds each.

    Attributes:
        tosses: 1 to 20 tosses as text, oldest first.
        lr: learning rate h, 0.2 … 0.8.
        step: the step n, at most the number of tosses.
        seed: of the many other runs.
        show: "histogram" or "cdf".

    Raises:
        traitlets.TraitError: tosses that are no such text, or a learning rate out of range.
    """

    figure = "digits_law"
    tosses = traitlets.Unicode("01100101110100011010").tag(sync=True)
    lr = Real(0.5, min=0.2, max=0.8).tag(sync=True)
    step = traitlets.Int(9, min=0).tag(sync=True)
    seed = Seed(0).tag(sync=True)
    show = traitlets.Enum(["histogram", "cdf"], "histogram").tag(sync=True)

    @traitlets.validate("tosses")
    def _tosses(self, proposal: Any) -> str:
        text = str(proposal["value"])
        if not 1 <= len(text) <= MOST or set(text) - {"0", "1"}:
            raise traitlets.TraitError(f"tosses: got {text!r}, but it must be 1 to {MOST} signs, each 0 or 1")
        return text

    @property
    def _n(self) -> int:
        """The step that is shown: the last one, if there are fewer tosses than steps."""
        return min(self.step, len(self.tosses))

    def ends(self, order: str) -> np.ndarray:
        """(4000,) states at the step shown, each from tosses of its own, which forward and backward do not share."""
        return self._run(order, SEEDS)[self._n, 1:]

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: (tosses + 1,); at the step shown below: (257,), ends_forward, ends_backward: (200,).

        `below` is the exact P(state < j/256) in either order.
        """
        exact = np.sort(bernoulli_values(self._n, self.lr)) if self._n else np.zeros(1)
        found = {"below": np.searchsorted(exact, np.arange(CELLS + 1) / CELLS) / len(exact)}
        for order in STREAMS:
            made = self._run(order, SHOWN)
            found |= {order: made[:, 0], f"ends_{order}": made[self._n, 1:]}
        return found

    def _run(self, order: str, seeds: int) -> np.ndarray:
        """(tosses + 1, 1 + seeds) states at steps 0, 1, …: of the run that is shown, and of the seeds."""
        own = torch.tensor([float(toss) for toss in self.tosses], dtype=torch.float64)
        drawn = bits(self.seed, np.arange(seeds), STREAMS[order]).astype(np.int64)
        theirs = torch.from_numpy(drawn[None] >> np.arange(len(own))[:, None] & 1)
        x, start = torch.cat([own[:, None], theirs], dim=1), torch.zeros(1 + seeds, dtype=torch.float64)
        return path(towards(self.lr), start, x, order)

    @property
    def picture(self) -> Picture:
        """The run's number line, and the histograms of both orders, as they are set now."""
        x = [int(toss) for toss in self.tosses[: self._n]]
        return digits_law_figure(x, self.lr, {order: self.ends(order) for order in STREAMS})
