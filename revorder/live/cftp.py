"""The first live figure of notebook 04: runs that started in the past and end now, on the same coin tosses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import traitlets

from revorder.live.base import LiveFigure
from revorder.live.paths import path, towards
from revorder.live.tosses import tosses
from revorder.live.traits import Real, Seed
from revorder.plots.perfect import coupling_figure
from revorder.plots.picture import Picture

PAST = 40  # batches before now, at most


class CouplingFromThePast(LiveFigure):
    """SGD on coin tosses, θ ← θ - h(θ - x): two runs, from 0 and from 1, that started `step` batches ago and end now.

    Attributes:
        lr: learning rate h, 0.1 … 0.9.
        seed: of the tosses.
        draws: how many arrivals have been drawn, each on tosses of its own, 1 … 2000; the last one is shown.
        step: how many batches ago the runs started, 0 … 40.
    """

    figure = "cftp"
    step = traitlets.Int(5, min=0, max=PAST).tag(sync=True)
    lr = Real(0.5, min=0.1, max=0.9).tag(sync=True)
    seed = Seed(0).tag(sync=True)
    draws = traitlets.Int(20, min=1, max=2000).tag(sync=True)

    @property
    def tosses(self) -> np.ndarray:
        """All tosses, 0 or 1, row k those of draw k + 1, the newest first: int64 (draws, 40)."""
        return tosses(self.seed, self.draws * PAST).reshape(self.draws, PAST)

    def states(self) -> dict[str, np.ndarray]:
        """Pairs of the last draw, from 0 and from 1, and the arrivals of all draws.

        forward, backward: (41, 2), the states at n = 0 … 40; past: (step + 1, 2), the pair from its start until now;
        arrivals: (draws,), where the run from ½ that started `step` batches ago stands now.
        """
        every = torch.tensor(self.tosses, dtype=torch.float64)
        ends, middle = torch.tensor([0.0, 1.0]).double(), torch.full((self.draws,), 0.5).double()
        found = {"forward": self._run(ends, every[-1], "forward", "replay")}
        found["backward"] = self._run(ends, every[-1], "backward", "affine")
        found["past"] = self._run(ends, every[-1, : self.step].flip(0), "forward", "replay")
        found["arrivals"] = self._run(middle, every.T[: self.step], "backward", "replay", [self.step])[-1]
        return found

    def _run(
        self, start: torch.Tensor, batches: torch.Tensor, order: str, engine: str, looks: Sequence[int] | None = None
    ) -> np.ndarray:
        """The start, and the states at `looks`; default: at every step."""
        return path(towards(self.lr), start, batches, order, looks, engine=engine)

    @property
    def picture(self) -> Picture:
        """Pairs that started 1, 2, 3, … batches ago, those of three starts in full."""
        ends, past = torch.tensor([0.0, 1.0]).double(), torch.tensor(self.tosses[-1], dtype=torch.float64)
        runs = {n: self._run(ends, past[:n].flip(0), "forward", "replay") for n in range(1, max(12, self.step) + 1)}
        return coupling_figure(runs, sorted({max(1, self.step // 2), max(1, self.step), max(runs)}))
