"""The third live figure of notebook 03: backward-SGD is blind to drift."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import path, towards
from revorder.live.tosses import normal
from revorder.live.traits import Real, Seed
from revorder.plots.one_number import drift_figure
from revorder.plots.picture import Picture

STEPS, SPREAD, COMPARED = 200, 0.5, (15, 40)


class Drift(LiveFigure):
    """Batches x with standard deviation 0.5, whose mean jumps from 0 to 1; loss ½(θ - x)², θ_0 = 0, 200 steps.

    Attributes:
        jump: the first batch with mean 1, 1 … 199.
        lr: learning rate h, 0 < h < 1.
        window: width of the window of a third order, backward-window; 0 for none.
        seed: of the noise.
        step: the step n, 0 … 200.

    Raises:
        traitlets.TraitError: a setting that is out of range.
    """

    figure = "drift"
    jump = traitlets.Int(50, min=1, max=STEPS - 1).tag(sync=True)
    lr = Real(0.1, min=0.001, max=0.999).tag(sync=True)
    window = traitlets.Int(0, min=0, max=STEPS).tag(sync=True)
    seed = Seed(0).tag(sync=True)
    step = traitlets.Int(STEPS, min=0, max=STEPS).tag(sync=True)

    @property
    def orders(self) -> dict[str, str]:
        """Name in the page -> order."""
        return {"forward": "forward", "backward": "backward", "other": f"backward-window:{max(1, self.window)}"}

    def states(self) -> dict[str, np.ndarray]:
        """x: (200,); forward, backward, other, and what is expected of each, expected_…: (2,), at steps 15 and 40.

        Without a window `other` is forward.
        """
        found = {"x": self._batches()[0]}
        for name, order in self.orders.items():
            made = self._run(order, COMPARED)
            found |= {name: made[1:, 0], f"expected_{name}": made[1:, 1]}
        return found

    def _batches(self) -> np.ndarray:
        """(2, 200): the batches, and their means."""
        mean = np.where(np.arange(STEPS) < self.jump, 0.0, 1.0)
        return np.stack([mean + SPREAD * normal(self.seed, STEPS), mean])

    def _run(self, order: str, steps: Sequence[int] | None = None) -> np.ndarray:
        """(1 + steps, 2) states at step 0 and at the steps (default: all): of the batches, and of their means."""
        batches = torch.from_numpy(self._batches().T.copy())
        return path(towards(self.lr), 0 * batches[0], batches, order, steps)

    @property
    def picture(self) -> Picture:
        """The paths up to the step that is set."""
        orders = [order for name, order in self.orders.items() if name != "other" or self.window]
        made = {order: self._run(order) for order in orders}
        means = {order: float(states[self.step, 1]) for order, states in made.items()}
        paths = {order: states[:, 0] for order, states in made.items()}
        return drift_figure(paths, self._batches()[0], self.jump, self.step, means)
