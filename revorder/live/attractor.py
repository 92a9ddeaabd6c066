"""The live figure of notebook 02 about size: boxes over the attractor, and its dimension as a slope."""

from __future__ import annotations

import warnings

import numpy as np
import torch
import traitlets

from revorder.diagnostics.estimates import EstimateWarning
from revorder.diagnostics.fractals import box_dimension
from revorder.live.base import LiveFigure
from revorder.live.paths import forward_quickly, towards
from revorder.live.tosses import tosses
from revorder.live.traits import Real, Seed
from revorder.plots.dimension import dimension_figure
from revorder.plots.picture import Picture
from revorder.running.run import run
from revorder.theory.fractals import chaos_game_dimension

SHOWN, POINTS, LATE, SETTLING, DEEPEST = 40, 40_000, 30, 100, 7
UPRIGHT = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)


class Attractor(LiveFigure):
    """Boxes of side 2^-k over the dots of the chaos game, on the triangle (0, 0), (1, 0), (0, 1), from its corner 0.

    Attributes:
        lr: learning rate h, 0.2 … 0.8.
        seed: of the tosses.
        dots: "forward" (steps of one run), "seeds" (backward's step 30 over seeds), or "backward" (steps of one run,
            from 101 on).
        depth: k of the boxes that are drawn, 0 … 7.
        step: the number of dots, 0 … 40,000.
    """

    figure = "attractor"
    lr = Real(0.5, min=0.2, max=0.8).tag(sync=True)
    seed = Seed(0).tag(sync=True)
    dots = traitlets.Enum(["forward", "seeds", "backward"], "forward").tag(sync=True)
    depth = traitlets.Int(3, min=0, max=DEEPEST).tag(sync=True)
    step = traitlets.Int(30_000, min=0, max=POINTS).tag(sync=True)

    def points(self, n: int) -> np.ndarray:
        """The first n dots, (n, 2)."""
        if self.dots == "seeds":
            batches = UPRIGHT[tosses(self.seed, n * LATE, 3, stream=1).reshape(n, LATE).T]
            made = run(towards(self.lr), torch.zeros(n, 2, dtype=torch.float64), batches, "backward", [LATE],
                       engine="replay", progress=False)  # fmt: skip
            return np.asarray(made.state(LATE))
        first, engine = {"forward": (1, "replay"), "backward": (SETTLING + 1, "affine")}[self.dots]
        steps = range(first, first + n)
        batches = UPRIGHT[tosses(self.seed, steps[-1], 3)]
        made = run(towards(self.lr), UPRIGHT[0], batches, self.dots, steps, engine=engine, progress=False)
        return np.asarray(made.states)

    def _quickly(self, n: int) -> np.ndarray:
        """The first n dots of forward, without looking after the update as `run` does."""
        return forward_quickly(self.lr, np.zeros(2), UPRIGHT.numpy()[tosses(self.seed, n, 3)])[1:]

    def states(self) -> dict[str, np.ndarray]:
        """points: (40, 2); counts: (8,), boxes of side 1, …, 1/128 that hold some of them; slope: (1,)."""
        points = self.points(SHOWN)
        return {"points": points, "counts": counts(points), "slope": np.array([slope(points)])}

    @property
    def picture(self) -> Picture:
        """At most 10,000 dots, their boxes counted."""
        n = max(1, self.step)
        points = self._quickly(min(n, 10_000)) if self.dots == "forward" else self.points(min(n, 2000))
        exact = 2.0 if self.lr <= 1 / 3 else chaos_game_dimension(3, 1 - self.lr)
        return dimension_figure(points, counts(points), slope(points), exact, self.lr)


def counts(points: np.ndarray) -> np.ndarray:
    """How many boxes of side 2^-k hold a point, k = 0 … 7."""
    boxes = [np.minimum(points * 2**k, 2**k - 1).astype(int) for k in range(DEEPEST + 1)]
    return np.array([len(np.unique(box, axis=0)) for box in boxes])


def slope(points: np.ndarray) -> float:
    """The box dimension from sides 1/4 to 1/64, also of too few points."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimateWarning)
        return box_dimension(points)
