"""Recorded curvatures of a network in training: by how much does a single map stretch a gap?"""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from revorder.diagnostics.ratios import geometric_interval
from revorder.live.base import LiveFigure
from revorder.live.recordings import load
from revorder.live.traits import Real
from revorder.plots.picture import Picture
from revorder.plots.training import stretch_figure


class Stretch(LiveFigure):
    """Local Lipschitz constants of the digits MLP's maps T_n at F_n, for 16 seeds, at any learning rate h.

    The Jacobian of T_n is I - h H, with H the Hessian of batch n's loss at F_n; its largest singular value is the
    larger one of 1 - h·(smallest eigenvalue) and h·(largest eigenvalue) - 1. The networks are trained at 0.1.

    Attributes:
        lr: h of the maps that are looked at, 0.005 … 1.
        recording: what `revorder.live.curvature_runs.record` gives: eigenvalues at looks and seeds.
        step: number of the look.
    """

    figure = "stretch"
    lr = Real(0.1, min=0.005, max=1).tag(sync=True)
    recording = traitlets.Dict().tag(sync=True)

    def __init__(self, **traits: Any):
        super().__init__(**{"recording": load("digits_curvatures"), **traits})

    def factors(self, lr: float | None = None) -> np.ndarray:
        """The local Lipschitz constants, (looks, seeds), by default at the rate that is set."""
        lowest, highest = (np.array(self.recording[name]) for name in ("lowest", "highest"))
        rate = self.lr if lr is None else lr
        return np.maximum(1 - rate * lowest, rate * highest - 1)

    def states(self) -> dict[str, np.ndarray]:
        """factors: (looks, seeds); bands: (3, looks), their geometric mean over seeds and 95 % interval; steep:
        (looks,), at how many seeds the steepest direction stretches, and not one of negative curvature."""
        highest = np.array(self.recording["highest"])
        factors = self.factors()
        steep = (self.lr * highest - 1 >= factors).sum(1)
        return {"factors": factors, "bands": geometric_interval(factors.T), "steep": steep}

    @property
    def picture(self) -> Picture:
        """The constants against h at the look that is shown, and along training at the rate that is set."""
        rates, look = np.linspace(0.005, 1, 60), self.recording["looks"][self.step]
        curves = np.array([self.factors(rate)[self.step] for rate in rates]).T
        now = self.factors()[self.step]
        title = f"At step {look}, h = {self.lr:g}, every map stretches: {now.min():.2f} to {now.max():.2f}"
        return stretch_figure(rates, curves, self.lr, self.recording["looks"], self.factors(), title=title)
