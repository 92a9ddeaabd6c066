"""The second live figure of notebook 03: where the law is the same, and where not, in the middle of an epoch."""

from __future__ import annotations

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import path, towards
from revorder.live.traits import Real
from revorder.plots.one_number import mid_epoch_figure
from revorder.plots.picture import Picture

EPOCHS, DATA = 6, ("iid", "shuffle_once", "reshuffle", "flipflop")
ORDERS = ("forward", "backward")


class MidEpoch(LiveFigure):
    """Variance over seeds at every step of six epochs, for loss ½(θ - x)², θ_0 = 0; every epoch has the same K values.

    Attributes:
        data: how batches are drawn, a name of `revorder.batches`: "iid", "shuffle_once", "reshuffle" or "flipflop".
        size: K, batches in an epoch, 2 … 20. The K values have variance 1 (with divisor K).
        lr: learning rate h, 0 < h < 1.
        step: the step n, 0 … 6 K.

    Raises:
        traitlets.TraitError: a setting that is out of range.
    """

    figure = "mid_epoch"
    data = traitlets.Enum(DATA, "reshuffle").tag(sync=True)
    size = traitlets.Int(10, min=2, max=20).tag(sync=True)
    lr = Real(0.1, min=0.001, max=0.999).tag(sync=True)
    step = traitlets.Int(50, min=0).tag(sync=True)

    def covariance(self) -> np.ndarray:
        """(6 K, 6 K) covariances of the batches over all ways to draw them, exact."""
        epoch, at = np.divmod(np.arange(EPOCHS * self.size), self.size)
        if self.data == "iid":
            return np.eye(len(at))
        draw = {"shuffle_once": 0 * epoch, "reshuffle": epoch, "flipflop": epoch // 2}[self.data]
        value = np.where((self.data == "flipflop") & (epoch % 2 == 1), self.size - 1 - at, at)
        same = value[:, None] == value
        return np.where(draw[:, None] == draw, np.where(same, 1.0, -1 / (self.size - 1)), 0.0)

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: (6 K + 1,) variances at steps 0, 1, …, from the weights of the batches."""
        covariance = self.covariance()
        unit, found = torch.eye(len(covariance), dtype=torch.float64), {}
        for order in ORDERS:
            weights = path(towards(self.lr), 0 * unit[0], unit, order)
            found[order] = np.einsum("ni,ij,nj->n", weights, covariance, weights)
        return found

    @property
    def picture(self) -> Picture:
        """Both curves, and the step that is set."""
        return mid_epoch_figure(self.states(), self.size, min(self.step, EPOCHS * self.size), self.data)
