"""The third live figure of notebook 04: backward keeps its error, the mean of forward iterates does not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import traitlets
from scipy.signal import lfilter

from revorder.live.base import LiveFigure
from revorder.live.paths import path, towards
from revorder.live.tosses import tosses
from revorder.live.traits import Real, Seed
from revorder.plots.perfect import averaging_figure
from revorder.plots.picture import Picture
from revorder.theory.checks import Floats

RUNS, MOST, COMPARED = 256, 1000, 30
LOOKS = np.array([1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
NAMES = ("backward", "mean", "ema")


class Averaging(LiveFigure):
    """Mean square errors of four estimates of the minimiser ½, against the number N of batches, coin tosses.

    Attributes:
        lr: learning rate h, 0.02 … 0.9.
        decay: γ of the running mean (EMA) of forward iterates, 0.8 … 0.999.
        start: θ_0 of all runs, 0 … 1.
        seed: of the tosses.
        step: the number N of batches that is looked at, 0 … 1000.
    """

    figure = "averaging"
    step = traitlets.Int(20, min=0, max=MOST).tag(sync=True)
    lr = Real(0.1, min=0.02, max=0.9).tag(sync=True)
    decay = Real(0.98, min=0, max=0.999).tag(sync=True)
    start = Real(0.0, min=0, max=1).tag(sync=True)
    seed = Seed(0).tag(sync=True)

    def batches(self, steps: int = MOST) -> torch.Tensor:
        """Row n: toss n of all 256 runs, 0 or 1, float64 (steps, 256)."""
        return torch.tensor(tosses(self.seed, steps * RUNS).reshape(steps, RUNS), dtype=torch.float64)

    def states(self, steps: int = COMPARED) -> dict[str, np.ndarray]:
        """Of the first run theta (forward), backward, mean of forward and ema, (steps + 1,) each; errors of all.

        simulated: (3,) mean squares over 256 runs at `steps`, of backward, mean and ema; exact: (3, 11) the same over
        all seeds, at N = 0, 100, … 1000.
        """
        start = torch.full((RUNS,), self.start, dtype=torch.float64)
        batches = self.batches(steps)
        theta = self._run(start, batches, "forward", range(1, steps + 1))
        last = self._run(start, batches, "backward", [steps])[-1]
        one = self._run(start[0], batches[:, 0], "backward", range(1, steps + 1), "affine")
        mean, ema = self._means(theta)
        found = {"theta": theta[:, 0], "backward": one, "mean": mean[:, 0]}
        ends = np.array([last, mean[-1], ema[-1]])
        exact = np.array([self.error(name)[::100] for name in NAMES])
        return {**found, "ema": ema[:, 0], "exact": exact, "simulated": _square(ends)}

    def error(self, name: str) -> Floats:
        """Mean square error over all seeds of "backward", "mean" or "ema" at N = 0 … 1000, from the batches' weights.

        An estimate is start's weight a_N times θ_0 plus weights of the batches; its error is a_N² (θ_0 - ½)² plus
        ¼ times the sum of the squared weights, and the weights of batch n depend on N - n only, but for a factor.
        """
        c, ages = 1 - self.lr, np.arange(MOST + 1)
        powers = c**ages
        if name == "backward":
            of_start, weights, factor = powers, self.lr * powers[:-1], np.ones(MOST + 1)
        elif name == "mean":
            factor = 1 / np.maximum(ages, 1)
            of_start = factor * (powers.cumsum() - 1)
            weights = 1 - powers[1:]
        else:
            blended = lfilter([1 - self.decay], [1, -self.decay], powers)
            of_start, weights, factor = blended + self.decay ** (ages + 1), self.lr * blended[:-1], np.ones(MOST + 1)
        squares = np.concatenate([[0], (weights**2).cumsum()]) * factor**2 / 4
        made: Floats = (np.where(ages > 0, of_start, 1) * (self.start - 0.5)) ** 2 + squares
        return made

    def _means(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The mean of θ_1 … θ_N (the start at N = 0) and the EMA, for each N and run."""
        counts = np.arange(1, len(theta))[:, None]
        mean = np.vstack([theta[:1], theta[1:].cumsum(axis=0) / counts])
        ema, _ = lfilter([1 - self.decay], [1, -self.decay], theta[1:], axis=0, zi=self.decay * theta[:1])
        return mean, np.vstack([theta[:1], ema])

    def _run(
        self, start: torch.Tensor, batches: torch.Tensor, order: str, looks: Sequence[int], engine: str = "replay"
    ) -> np.ndarray:
        """The start and the states at `looks`."""
        return path(towards(self.lr), start, batches, order, looks, engine=engine)

    @property
    def picture(self) -> Picture:
        """The errors over all seeds, and their means over 256 runs as marks."""
        start, batches = torch.full((RUNS,), self.start, dtype=torch.float64), self.batches()
        mean, ema = self._means(self._run(start, batches, "forward", range(1, MOST + 1)))
        backward = self._run(start, batches, "backward", LOOKS.tolist())[1:]
        of_batches = (batches.cumsum(0).T / torch.arange(1, MOST + 1)).T.numpy()
        curves = {
            "backward": (LOOKS, _square(backward), self.error("backward")[LOOKS]),
            f"EMA of forward, {self.decay:g}": (LOOKS, _square(ema[LOOKS]), self.error("ema")[LOOKS]),
            "mean of the batches": (LOOKS, _square(of_batches[LOOKS - 1]), 0.25 / LOOKS),
            "mean of forward": (LOOKS, _square(mean[LOOKS]), self.error("mean")[LOOKS]),
        }
        return averaging_figure(curves, title="Backward and EMA stop improving, the mean of forward does not")


def _square(estimates: np.ndarray) -> Floats:
    """The mean over runs of the squared distance from the minimiser ½."""
    made: Floats = ((estimates - 0.5) ** 2).mean(axis=1)
    return made
