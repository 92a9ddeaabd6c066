"""The first live figure of notebook 07: two steps in two orders over two bowls, and the bracket beside their gap."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
import traitlets

from revorder.diagnostics import lie_bracket
from revorder.live.base import LiveFigure
from revorder.live.bowls import KINDS, both_ways, bowl_loss, gaps
from revorder.live.traits import Real, points, reals
from revorder.plots.brackets import bracket_figure, level_line
from revorder.plots.picture import Picture

LEVELS = (1, 0.25)  # of the loss at the start


class Brackets(LiveFigure):
    """Two losses in the plane, two steps of SGD in both orders, the gap between their ends, and the bracket.

    Attributes:
        kind: of both losses, "quadratic" or "log cosh": see `revorder.live.bowls.bowl_loss`.
        lr: learning rate h, 0.0125 … 0.8.
        angle: between the steep axes of the two losses, in degrees, 0 … 90.
        start: the state that both orders leave, two numbers, -3 … 3.
        minimisers: of batch 0 and of batch 1, two points, -3 … 3.
    """

    figure = "brackets"
    kind = traitlets.Enum(KINDS, "log cosh").tag(sync=True)
    lr = Real(0.4, min=0.0125, max=0.8).tag(sync=True)
    angle = traitlets.Int(30, min=0, max=90).tag(sync=True)
    start = reals([1.3, -1.5], -3, 3).tag(sync=True)
    minimisers = points([[-0.7, 0.0], [0.7, 0.0]], -3, 3).tag(sync=True)

    @property
    def batches(self) -> torch.Tensor:
        """(2, 3): x, y and the angle of the steep axis in radians, of batch 0 and batch 1."""
        tilt = math.radians(self.angle) / 2
        rows = [[*point, math.pi / 4 + turn] for point, turn in zip(self.minimisers, (-tilt, tilt), strict=True)]
        return torch.tensor(rows, dtype=torch.float64)

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: (3, 2), start and states; bracket: (2,); gaps, missed: (8,), lengths at h and at RATES."""
        loss, start = bowl_loss(self.kind), torch.tensor(self.start, dtype=torch.float64)
        ways = both_ways(loss, start, self.batches, self.lr)
        predicted = lie_bracket(loss, start, self.batches[0], self.batches[1], 1.0).numpy()
        return {**ways, "bracket": self.lr**2 * predicted, **gaps(loss, start, self.batches, self.lr, predicted)}

    @property
    def picture(self) -> Picture:
        """Both paths in the plane, with the bracket at the end of forward."""
        states = self.states()
        levels = [
            [level_line(self._value(batch), batch[:2], self.start, share) for share in LEVELS] for batch in self.batches
        ]
        gap, missed = states["gaps"][0], states["missed"][0]
        left = f"misses {missed / gap:.0%} of the gap" if missed else "spans the gap exactly"
        title = f"At h = {self.lr:g} the bracket {left}" if gap else "Both orders end at one point"
        ways = states["forward"], states["backward"], states["bracket"]
        return bracket_figure(*ways, self.minimisers, levels, title=title)

    def _value(self, batch: torch.Tensor) -> Callable[[np.ndarray], np.ndarray]:
        """The loss of a batch, as a function of rows of points."""
        loss = torch.vmap(bowl_loss(self.kind), (0, None))
        return lambda rows: np.asarray(loss(torch.from_numpy(rows), batch))
