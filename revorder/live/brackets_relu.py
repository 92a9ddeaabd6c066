"""The live figure of kinks: how much of the gap the bracket misses in networks with ReLU and with tanh, recorded."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.brackets_recording import NAME, RATES, SIZES, WIDTHS
from revorder.live.cards import digits_of
from revorder.live.recordings import load
from revorder.plots.brackets import slope, slope_figure
from revorder.plots.picture import Picture

FITTED = 0.003  # slopes are fitted over learning rates from this one on
QUARTILES = {"low": 25, "middle": 50, "high": 75}  # over seeds, in percent
DIGITS = 3


class Kinks(LiveFigure):
    """Gap and bracket of two batches of digits in a network 64-width-10 at its initial parameters, over many seeds.

    Attributes:
        activation: "ReLU" or "tanh".
        width: hidden units, one of the recorded ones.
        batch_size: examples in each of the two batches.
        lr: learning rate h.
        recording: what `shares` makes of a recording of `revorder.live.brackets_recording`.
    """

    figure = "brackets_relu"
    activation = traitlets.Enum(("ReLU", "tanh"), "ReLU").tag(sync=True)
    width = traitlets.Enum(WIDTHS, 16).tag(sync=True)
    batch_size = traitlets.Enum(SIZES, 8).tag(sync=True)
    lr = traitlets.Enum(RATES, 0.001).tag(sync=True)
    recording = traitlets.Dict().tag(sync=True)

    @traitlets.default("recording")
    def _recorded(self) -> dict[str, Any]:
        return shares(load(NAME))

    def of(self, name: str) -> np.ndarray:
        """(widths, batch sizes, rates) of the medians "gap" and "error", or the shares "low", "middle" and "high"."""
        return np.array(self.recording[self.activation][name])

    def states(self) -> dict[str, np.ndarray]:
        """map: (widths, sizes) shares at lr; gap, error: (rates,) medians; share: (3, rates); slopes: (2,)."""
        widths, sizes, rates = (list(self.recording[name]) for name in ("widths", "sizes", "rates"))
        w, b, h = widths.index(self.width), sizes.index(self.batch_size), rates.index(self.lr)
        gap, error = self.of("gap")[w, b], self.of("error")[w, b]
        late = np.array(rates) >= FITTED
        slopes = [slope(np.array(rates)[late], each[late]) for each in (gap, error)]
        share = np.array([self.of(name)[w, b] for name in QUARTILES])
        return {
            "map": self.of("middle")[:, :, h],
            "gap": gap,
            "error": error,
            "share": share,
            "slopes": np.array(slopes),
        }

    @property
    def picture(self) -> Picture:
        """Medians of the gap and of the bracket's error against the learning rate."""
        states, rates = self.states(), self.recording["rates"]
        share = states["share"][1][rates.index(self.lr)]
        where = f"{self.activation}, width {self.width}, batches of {self.batch_size}, h = {self.lr:g}"
        sizes = {"|backward − forward|": states["gap"], "error of the bracket": states["error"]}
        return slope_figure(rates, sizes, title=f"{where}: the bracket misses {share:.0%} of the gap")


def shares(recording: dict[str, Any]) -> dict[str, Any]:
    """Medians and quartiles over the seeds of a recording.

    Returns:
        {"widths", "sizes", "rates", "seeds": their number, and for each activation "gap" and "error", medians, and
        "low", "middle", "high", the quartiles of error over gap}; lists (widths, sizes, rates) with 3 digits.
    """
    grid = {name: recording[name] for name in ("widths", "sizes", "rates")} | {"seeds": len(recording["seeds"])}
    return grid | {name: _quartiles(recording[name]) for name in ("ReLU", "tanh")}


def _quartiles(recorded: dict[str, Any]) -> dict[str, Any]:
    gap, error = np.array(recorded["gap"]), np.array(recorded["error"])
    found = {"gap": np.median(gap, -1), "error": np.median(error, -1)}
    found |= {name: np.percentile(error / gap, percent, axis=-1) for name, percent in QUARTILES.items()}
    return {name: digits_of(values, DIGITS) for name, values in found.items()}
