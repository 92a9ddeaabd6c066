"""The widget of notebook 02: the chaos game, forward and backward on the same tosses."""

from __future__ import annotations

import ipywidgets as W
import numpy as np
import torch

from revorder import theory
from revorder.plots.chaos import ROUNDING, chaos_figure
from revorder.plots.picture import Picture
from revorder.running.run import run
from revorder.widgets.base import Explorer, side_by_side

CORNERS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]], dtype=torch.float64)
STARTS = {"in the middle": (0.5, 0.375), "corner 0": (0.0, 0.0), "outside": (1.1, 0.9)}
MOST_STEPS = 300
SHOWN = 8  # batches of an address that are written out


class ChaosGame(Explorer):
    """Sliders for step, learning rate, seed and start; forward and backward on the SAME tosses of a three-sided die.

    Attributes:
        n, lr, seed, start: the controls.
        tosses: int array (300,), the corner numbers, batch 0 first.
        forward, backward: arrays (301, 2), the states F_0 … F_300 and B_0 … B_300; the step shown is `n.value`.
        picture: what is shown, a `Picture`.
        summary, figure: the numbers and the picture, as HTML.
        view: the box to display; the object itself displays as it.
    """

    def __init__(self, n: int = 200, lr: float = 0.5, seed: int = 0):
        wide = {"style": {"description_width": "100px"}, "layout": W.Layout(width="380px")}
        self.n = W.IntSlider(n, 0, MOST_STEPS, description="step n", continuous_update=False, **wide)
        self.lr = W.FloatSlider(
            lr, min=0.1, max=0.9, step=0.05, description="learning rate", continuous_update=False, **wide
        )
        self.seed = W.BoundedIntText(seed, min=0, max=999, description="seed", **wide)
        self.start = W.Dropdown(options=list(STARTS), description="start", **wide)
        self.summary = W.HTML(layout=W.Layout(min_height="7em"))
        self.figure = W.HTML(layout=W.Layout(min_height="370px"))
        columns = side_by_side(self.controls[:2], self.controls[2:])
        self.view = W.VBox([columns, self.summary, self.figure])
        self.n.observe(self._redraw, "value")
        for control in (self.lr, self.seed, self.start):
            control.observe(self._play, "value")
        self._play()

    @property
    def controls(self) -> tuple[W.Widget, ...]:
        """All controls, in the order in which the Tab key reaches them."""
        return self.n, self.lr, self.seed, self.start

    def _play(self, change: object = None) -> None:
        """Run all steps in both orders; the slider of n then only chooses how much of them is shown."""
        lr, start = self.lr.value, torch.tensor(STARTS[self.start.value], dtype=torch.float64)
        drawn = torch.randint(3, (MOST_STEPS,), generator=torch.Generator().manual_seed(self.seed.value))
        paths = []
        for order, engine in (("forward", "replay"), ("backward", "affine")):  # the fastest ones for all steps
            made = run(lambda theta, x: theta - lr * (theta - x), start, CORNERS[drawn], order,
                       range(1, MOST_STEPS + 1), engine=engine, progress=False)  # fmt: skip
            paths.append(torch.cat([start[None], made.states]).numpy())
        self.tosses, (self.forward, self.backward) = drawn.numpy(), paths
        self._redraw()

    def _redraw(self, change: object = None) -> None:
        n, lr = self.n.value, self.lr.value
        self.picture: Picture = chaos_figure(
            self.forward[: n + 1], self.backward[: n + 1], CORNERS.numpy(), self.tosses.tolist(), lr
        )
        self.figure.value = self.picture.html
        moved, *others = self._numbers(n, lr)
        lines = [f'<span role="status">{moved}</span>', *others, _attractor(lr)]
        self.summary.value = f'<div style="line-height:1.5">{"<br>".join(lines)}</div>'

    def _numbers(self, n: int, lr: float) -> list[str]:
        """How far from the limit, and which batches lead."""
        first_move = lr * np.linalg.norm(CORNERS.numpy() - self.forward[0], axis=1).max()
        bound = theory.error_bound(1 - lr, n, first_move)
        lines = [f"<b>Step {n}.</b> From backward's newest point to its limit: at most {max(bound, ROUNDING):.2g}."]
        if n:
            newest, oldest = self.tosses[:n][::-1][:SHOWN], self.tosses[:n][:SHOWN]
            lines.append(f"Corners, most important first: forward (newest batch first) {_corners(newest, n)}; "
                         f"backward (batch 0 first) {_corners(oldest, n)}.")  # fmt: skip
        return lines


def _corners(tosses: np.ndarray, n: int) -> str:
    return f"<code>{' '.join(map(str, tosses))}{' …' if n > SHOWN else ''}</code>"


def _attractor(lr: float) -> str:
    dimension = theory.chaos_game_dimension(3, 1 - lr)
    if lr >= 0.5:
        return f"Dimension of the attractor: {dimension:.3f}."
    if lr <= 1 / 3:
        return "The three copies of the triangle cover all of it: the attractor is the triangle, of dimension 2."
    return f"The three copies of the triangle overlap; dimension of the attractor: at most {min(dimension, 2):.3f}."
