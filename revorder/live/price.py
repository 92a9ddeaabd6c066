"""The live figure of prices: evaluations of each order against the number of steps and against the stride."""

from __future__ import annotations

import numpy as np
import traitlets

from revorder.live.base import LiveFigure
from revorder.planning.plan import Plan, plan
from revorder.plots.picture import Picture
from revorder.plots.prices import price_figure

SMALL = 40  # the prices of the steps up to this are compared


class Price(LiveFigure):
    """What a run costs before it is paid for: checkpoints s, 2 s, … up to N, all batches different but for "cyclic".

    Attributes:
        steps: N, 1 … 1000.
        stride: s, 1 … N.
        size: of the window and the blocks, and the period of the batches that come again, 1 … 50.
    """

    figure = "price"
    steps = traitlets.Int(200, min=1, max=1000).tag(sync=True)
    stride = traitlets.Int(1, min=1, max=1000).tag(sync=True)
    size = traitlets.Int(10, min=1, max=50).tag(sync=True)

    def states(self) -> dict[str, np.ndarray]:
        """Name -> evaluations up to N, then up to each number of steps from the stride to 40."""
        ends = [self.steps, *range(self.stride, SMALL + 1)]
        plans = [self.plans(end) for end in ends]
        costs = {name: np.array([each[name].cost for each in plans]) for name in plans[0]}
        return {**costs, "naive": np.array([each["backward"].naive_cost for each in plans])}

    def plans(self, steps: int) -> dict[str, Plan]:
        """Name -> plan, for one number of steps."""
        at = range(self.stride, steps + 1, self.stride)
        specs = {"forward": "forward", "backward": "backward", "two-sided": "two-sided"}
        specs |= {"window": f"backward-window:{self.size}", "blocks": f"backward-blocks:{self.size}"}
        made = {name: plan(spec, at) for name, spec in specs.items()}
        return {**made, "cyclic": plan("backward", at, labels=[i % self.size for i in range(steps)])}

    @property
    def picture(self) -> Picture:
        """The price of each order against the stride."""
        return price_figure(self.steps, self.size)
