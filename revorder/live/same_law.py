"""All sequences of eight coin tosses at once: the ends of forward and of backward, sequence by sequence."""

from __future__ import annotations

from itertools import product

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import path, towards
from revorder.live.traits import Real
from revorder.plots.boxes import ends_figure
from revorder.plots.picture import Picture

TOSSED = 8


class SameLaw(LiveFigure):
    """Where θ -> θ - h (θ - x_i) takes each of the 256 sequences of eight tosses, forward and backward.

    Attributes:
        lr: learning rate h, 0.1 … 0.9.
        start: θ_0 in [0, 1].
        shade: "oldest" or "newest": sequences with 1 as this toss are dark.
        chosen: number of the sequence that is shown in both: its tosses as binary digits, the oldest one first.
    """

    figure = "same_law"
    lr = Real(0.5, min=0.1, max=0.9).tag(sync=True)
    start = Real(0.0, min=0, max=1).tag(sync=True)
    shade = traitlets.Enum(["oldest", "newest"], "oldest").tag(sync=True)
    chosen = traitlets.Int(0b11010010, min=0, max=2**TOSSED - 1).tag(sync=True)

    @property
    def sequences(self) -> np.ndarray:
        """All sequences, by their numbers: int64 (256, 8), 0 or 1."""
        return np.array(list(product((0, 1), repeat=TOSSED)))

    def states(self) -> dict[str, np.ndarray]:
        """forward, backward: (256,), the end of each sequence; forward_sorted, backward_sorted: the same, ascending."""
        batches = torch.tensor(self.sequences.T, dtype=torch.float64)  # batch i: toss i of all sequences
        start = torch.full((len(batches[0]),), self.start, dtype=torch.float64)
        found = {}
        for order in ("forward", "backward"):
            found[order] = path(towards(self.lr), start, batches, order, [TOSSED])[-1]
        return {**found, **{f"{order}_sorted": np.sort(ends) for order, ends in found.items()}}

    @property
    def picture(self) -> Picture:
        """Both histograms, with the chosen sequence marked."""
        states = self.states()
        return ends_figure(states["forward"], states["backward"], self.sequences, self.chosen, self.lr)
