"""Recorded paths of training under several updates: in which of them is backward's path the steadier one?"""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from revorder.diagnostics.ratios import geometric_interval
from revorder.diagnostics.spreads import spread_about_trend
from revorder.live.base import LiveFigure
from revorder.live.recordings import load
from revorder.live.steady_runs import ORDERS, SETTINGS
from revorder.plots.picture import Picture
from revorder.plots.training import ratios_figure


class SteadyPaths(LiveFigure):
    """Test losses of the digits MLP at 26 looks up to step 1750, for six updates and 16 seeds.

    Attributes:
        setting: the update that is shown.
        seed: whose paths are shown, 0 … 15.
        recording: what `revorder.live.steady_runs.record` gives: losses in nats at settings, seeds and looks.
    """

    figure = "steady"
    setting = traitlets.Enum(tuple(SETTINGS), next(iter(SETTINGS))).tag(sync=True)
    seed = traitlets.Int(0, min=0, max=15).tag(sync=True)
    recording = traitlets.Dict().tag(sync=True)

    def __init__(self, **traits: Any):
        super().__init__(**{"recording": load("digits_steady"), **traits})

    def losses(self, order: str) -> np.ndarray:
        """Test losses in nats, (settings, seeds, looks)."""
        return np.array(self.recording[order], dtype=float)

    def spreads(self, order: str) -> np.ndarray:
        """The spread of the test loss about its trend over the looks, (settings, seeds): in nats."""
        return spread_about_trend(np.array(self.recording["looks"]), self.losses(order))

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: (settings, seeds), spreads about the trend; ratios: (3, settings), the geometric mean over
        seeds of backward's over forward's, and its 95 % interval."""
        found = {order: self.spreads(order) for order in ORDERS}
        return {**found, "ratios": geometric_interval((found["backward"] / found["forward"]).T)}

    @property
    def picture(self) -> Picture:
        """Backward's spread over forward's in every setting."""
        found = {order: self.spreads(order) for order in ORDERS}
        rows = {name: {order: found[order][i] for order in ORDERS} for i, name in enumerate(self.recording["settings"])}
        return ratios_figure(rows, title=_title(self.states()["ratios"], self.recording["settings"]),
                             quantity="spread about the trend")  # fmt: skip


def _title(ratios: np.ndarray, settings: list[str]) -> str:
    """Where backward is steadier, as far as the seeds can tell."""
    steadier = [name for name, high in zip(settings, ratios[2], strict=True) if high < 1]
    return f"Backward is the steadier order in {len(steadier)} of {len(settings)} settings"
