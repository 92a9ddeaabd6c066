"""The live figure of batches that come again: chains of backward's plan as coloured threads."""

from __future__ import annotations

import numpy as np
import traitlets

from revorder.live.base import LiveFigure
from revorder.planning.plan import Plan, plan
from revorder.plots.picture import Picture
from revorder.plots.prices import threads_figure


class CyclicSharing(LiveFigure):
    """Batch i + K is batch i, and backward is looked at every s steps: which looks lie on one chain.

    Attributes:
        steps: N, 1 … 120.
        period: K, 1 … 12.
        stride: s, 1 … 26; only one look at N, if s is larger than N.
    """

    figure = "cyclic_sharing"
    steps = traitlets.Int(100, min=1, max=120).tag(sync=True)
    period = traitlets.Int(10, min=1, max=12).tag(sync=True)
    stride = traitlets.Int(1, min=1, max=26).tag(sync=True)

    def plan(self, stride: int) -> Plan:
        """The plan with a look every `stride` steps."""
        every = min(stride, self.steps)
        return plan(
            "backward", range(every, self.steps + 1, every), labels=[i % self.period for i in range(self.steps)]
        )

    def states(self) -> dict[str, np.ndarray]:
        """lengths of the chains, ascending; price: evaluations, naive cost; by_stride: evaluations, s = 1 … 2 K + 2."""
        made = self.plan(self.stride)
        leaves = np.flatnonzero(made.trie.n_children == 0)
        length = np.searchsorted(made.trie.level, leaves, side="right")
        strides = range(1, 2 * self.period + 3)
        return {
            "lengths": np.sort(length),
            "price": np.array([made.cost, made.naive_cost]),
            "by_stride": np.array([self.plan(stride).cost for stride in strides]),
        }

    @property
    def picture(self) -> Picture:
        """The chains, with their looks."""
        return threads_figure(self.plan(self.stride), self.period)
