"""The widget of notebook 04: perfect samples of the coin model, and how close their law comes to the exact one."""

from __future__ import annotations

from functools import lru_cache

import ipywidgets as W
import numpy as np
import torch

from revorder.plots.perfect import REJECTED, ks_distances, perfect_figure
from revorder.theory import batch_weights, steps_needed
from revorder.theory.checks import Floats
from revorder.updates.randomness import key_seed
from revorder.widgets.base import Explorer, side_by_side

RATES = {"1/2": 1 / 2, "0.55": 0.55, "0.6": 0.6, "2/3": 2 / 3, "3/4": 3 / 4, "0.9": 0.9}
TOLERANCES = [1.0, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4, 1e-6, 1e-9]
NUMBERS = [10, 20, 50, 100, 200, 500, 1000, 2000]
DEEPEST = steps_needed(1 / 2, 1 / 2, TOLERANCES[-1])


class PerfectSampler(Explorer):
    """Draw perfect samples of SGD on coin tosses, θ ← θ - h(θ - x) with x in {0, 1} and θ_0 = 0.

    The draws are those of `diagnostics.perfect_sample` with rate 1 - h, first move h, and the batches
    `torch.randint(2, (), generator=generator)`: the same seed gives the same draws.

    Attributes:
        number, tol, lr, seed: the controls: number of draws, tolerance, learning rate h, seed.
        depth: n, batches behind each draw, from the a-priori bound.
        draws: (number,) float64.
        distance: their Kolmogorov-Smirnov distance from the exact law.
        picture: what is shown, a `Picture`.
        view: the box to display; the object itself displays as it.
    """

    def __init__(self, number: int = 200, tol: float = 1e-9, lr: float = 2 / 3, seed: int = 0):
        wide = {"style": {"description_width": "120px"}, "layout": W.Layout(width="380px")}
        calm = {"continuous_update": False, **wide}
        tolerances = [(f"{value:g}", value) for value in TOLERANCES]
        self.number = W.SelectionSlider(options=NUMBERS, value=number, description="number of draws", **calm)
        self.tol = W.SelectionSlider(options=tolerances, value=tol, description="tolerance", **calm)
        self.lr = W.SelectionSlider(options=list(RATES.items()), value=lr, description="learning rate h", **calm)
        self.seed = W.BoundedIntText(seed, min=0, max=99, description="seed", **wide)
        # room is kept for text and picture, so that a redraw moves nothing
        self.summary = W.HTML(layout=W.Layout(min_height="3em"))
        self.image = W.HTML(layout=W.Layout(min_height="325px"))
        columns = side_by_side(self.controls[:2], self.controls[2:])
        self.view = W.VBox([columns, self.summary, self.image])
        for control in self.controls:
            control.observe(self._redraw, names="value")
        self._redraw()

    @property
    def controls(self) -> tuple[W.Widget, ...]:
        """All controls, in the order in which the Tab key reaches them."""
        return self.number, self.tol, self.lr, self.seed

    def _redraw(self, change: object = None) -> None:
        h, number = self.lr.value, self.number.value
        self.depth = steps_needed(1 - h, h, self.tol.value)
        self.draws = _draws(_tosses(self.seed.value)[:number], h, self.depth)
        self.distance = float(ks_distances(self.draws, h, [number])[0])
        self.picture = perfect_figure({self.depth: self.draws}, h)
        self.summary.value, self.image.value = self._said(), self.picture.html

    def _said(self) -> str:
        apart = self.distance > REJECTED / self.number.value**0.5
        law = "the test tells them apart from the exact law" if apart else "the test sees no difference"
        return (
            f'<div role="status" style="line-height:1.4"><b>depth n = {self.depth}</b>: each draw is within '
            f"{self.tol.value:g} of an exact one, for sure; all cost {self.number.value * self.depth:,} evaluations of "
            f"T; each is one of 2<sup>{self.depth}</sup> numbers.<br>KS distance {self.distance:.4f}: {law} "
            "(5 % level).</div>"
        )


def _draws(tosses: np.ndarray, lr: float, depth: int) -> Floats:
    """B_depth of each row of tosses (draws, at least depth), from θ_0 = 0."""
    if not depth:  # no batch at all: the bound is met by the start
        return np.zeros(len(tosses))
    return tosses[:, :depth] @ batch_weights(range(depth - 1, -1, -1), lr)


@lru_cache(maxsize=4)
def _tosses(seed: int) -> np.ndarray:
    """(2000, DEEPEST) tosses: row k from the generator that `perfect_sample` uses for its sample k."""
    source, rows = torch.Generator(), torch.empty(NUMBERS[-1], DEEPEST, dtype=torch.float64)
    for k, row in enumerate(rows):
        row.random_(0, 2, generator=source.manual_seed(key_seed(seed, k)))
    return rows.numpy()
