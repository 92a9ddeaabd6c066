"""BracketExplorer: two gradient steps in two orders, the gap between their ends, and the bracket that predicts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ipywidgets as W
import numpy as np

from revorder.plots.brackets import describe_two_steps, draw_slopes, draw_two_steps, level_line
from revorder.plots.looks import REFERENCE
from revorder.plots.picture import Picture, figure, plain_log
from revorder.theory.checks import Floats
from revorder.widgets.base import Explorer, side_by_side

QUADRATIC, SMOOTH = "quadratic", "log cosh"
STEEP, FLAT = 2.0, 0.4  # the two eigenvalues of each Hessian at its minimiser
RADIUS = 2.0  # distance of the start from the point halfway between the minimisers
RATES = 0.5 * 2.0 ** -np.arange(7.0)  # learning rates of the right panel
WINDOW = 2.3  # half the height of the left panel
ROUNDING = 1e-14  # a shorter vector counts as 0

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False)
class Bowl:
    """A loss in the plane: Σ_k s_k φ(u_k·(θ - centre)), with φ(r) = r²/2, or 4 log cosh(r/2), which is like it near 0.

    Attributes:
        centre: (2,) the minimiser.
        angle: direction of the steep axis u_0, in radians; u_1 is orthogonal to it.
        kind: "quadratic" or "log cosh" (a cone far away, so that its Hessian changes with θ).
    """

    centre: Floats
    angle: float
    kind: str = QUADRATIC

    @property
    def axes(self) -> Floats:
        """(2, 2): the rows are u_0 and u_1."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return np.array([[cos, sin], [-sin, cos]])

    def _along(self, theta: Floats) -> Floats:
        return (theta - self.centre) @ self.axes.T

    def value(self, theta: Floats) -> Floats:
        """(..., 2) -> (...)"""
        r = self._along(theta)
        return (r**2 / 2 if self.kind == QUADRATIC else 4 * np.log(np.cosh(r / 2))) @ [STEEP, FLAT]

    def gradient(self, theta: Floats) -> Floats:
        """(..., 2) -> (..., 2)"""
        r = self._along(theta)
        return ((r if self.kind == QUADRATIC else 2 * np.tanh(r / 2)) * [STEEP, FLAT]) @ self.axes

    def curved(self, theta: Floats, vector: Floats) -> Floats:
        """The Hessian at `theta` times a vector, both (2,)."""
        r = self._along(theta)
        curvature = np.ones(2) if self.kind == QUADRATIC else 1 - np.tanh(r / 2) ** 2
        return (curvature * [STEEP, FLAT] * (self.axes @ vector)) @ self.axes


@dataclass(frozen=True, eq=False)
class TwoSteps:
    """Two batches, a start and a learning rate: both orders, and the bracket.

    Attributes:
        older, newer: the losses of batch 0 and batch 1.
        start: (2,)
    """

    older: Bowl
    newer: Bowl
    start: Floats

    def path(self, lr: Floats | float, first: Bowl, second: Bowl) -> Floats:
        """(3, ..., 2) the start and the two states after it; `lr` may be (n, 1) for n learning rates at once."""
        one = self.start - lr * first.gradient(self.start)
        return np.stack([np.broadcast_to(self.start, one.shape), one, one - lr * second.gradient(one)])

    def forward(self, lr: Floats | float) -> Floats:
        """Batch 0 first, then batch 1."""
        return self.path(lr, self.older, self.newer)

    def backward(self, lr: Floats | float) -> Floats:
        """Batch 1 first, then batch 0."""
        return self.path(lr, self.newer, self.older)

    def bracket(self, lr: Floats | float) -> Floats:
        """h² (H_0 g_1 - H_1 g_0) at the start: what backward minus forward is, up to O(h³)."""
        g0, g1 = self.older.gradient(self.start), self.newer.gradient(self.start)
        return lr**2 * (self.older.curved(self.start, g1) - self.newer.curved(self.start, g0))


class BracketExplorer(Explorer):
    """A widget: two losses in the plane, two orders of two steps, and how well the bracket predicts the gap.

    Attributes:
        kind, lr, angle, distance, start: the controls.
        steps: what is shown, a `TwoSteps`.
        picture: its `Picture`.
        summary, image: what is shown of them, as HTML.
        view: the box to display; the object itself displays as it.
    """

    def __init__(self) -> None:
        self.kind = W.Dropdown(options=[QUADRATIC, SMOOTH], value=SMOOTH, description="loss")
        self.lr = W.FloatSlider(0.4, min=0.02, max=0.5, step=0.02, description="learning rate h", readout_format=".2f")
        self.angle = W.IntSlider(30, min=0, max=90, step=5, description="angle between Hessians (°)")
        self.distance = W.FloatSlider(1.4, min=0, max=2, step=0.1, description="distance of minimisers",
                                      readout_format=".1f")  # fmt: skip
        self.start = W.IntSlider(310, min=0, max=355, step=5, description="direction of the start (°)")
        # room is kept for the text and the picture, so that a redraw moves nothing
        self.summary = W.HTML(layout=W.Layout(min_height="3.2em"))
        self.image = W.HTML(layout=W.Layout(min_height="410px"))
        for control in self.controls:
            control.style.description_width, control.layout.width = "190px", "400px"
            control.continuous_update = False
            control.observe(self._redraw, names="value")
        columns = side_by_side(self.controls[:3], self.controls[3:])
        self.view = W.VBox([columns, self.summary, self.image])
        self._redraw()

    @property
    def controls(self) -> tuple[W.Widget, ...]:
        """All controls, in the order in which the Tab key reaches them."""
        return self.kind, self.lr, self.angle, self.distance, self.start

    def _redraw(self, change: object = None) -> None:
        half, turn = self.distance.value / 2, np.radians(self.start.value)
        tilt = np.radians(self.angle.value) / 2
        older = Bowl(np.array([-half, 0.0]), np.pi / 4 - tilt, self.kind.value)
        newer = Bowl(np.array([half, 0.0]), np.pi / 4 + tilt, self.kind.value)
        self.steps = TwoSteps(older, newer, RADIUS * np.array([np.cos(turn), np.sin(turn)]))
        self.picture, said = _draw(self.steps, self.lr.value)
        self.summary.value = f'<div role="status" style="line-height:1.4">{said}</div>'
        self.image.value = self.picture.html


def _draw(steps: TwoSteps, lr: float) -> tuple[Picture, str]:
    """The picture, and its numbers in words."""
    forward, backward, bracket = steps.forward(lr), steps.backward(lr), steps.bracket(lr)
    effect, error = _sizes(backward[-1] - forward[-1], bracket)
    margins = {"left": 0.65, "top": 0.4, "bottom": 1.2, "columns": 0.9, "right": 0.2}
    made, (plane, sizes) = figure(8.0, 4.2, fast=True, ncols=2, width_ratios=[6, 5], margins=margins)
    bowls = (steps.older, steps.newer)
    levels = [[level_line(bowl.value, bowl.centre, steps.start, share) for share in (1, 0.25)] for bowl in bowls]
    draw_two_steps(plane, forward, backward, bracket, np.array([bowl.centre for bowl in bowls]), levels)
    _square(plane)
    plane.set_title("two orders of two steps")
    right = _draw_error(sizes, steps, lr)
    handles = plane.get_legend_handles_labels()[0] + sizes.get_legend_handles_labels()[0]
    made.legend(handles=handles, loc="lower left", ncols=3, frameon=False, fontsize=8.5)
    missed = f"misses it by {error:.2g} ({error / effect:.0%})" if error and effect else "is exact"
    said = f"Backward minus forward has length {effect:.3g}; the bracket {missed}."
    paths = describe_two_steps(forward, backward, bracket)
    alt = f"Left: two orders of two steps, the second coordinate of θ against the first. {paths} {said} Right: {right}."
    return Picture(made, alt), said


def _square(ax: Axes) -> None:
    """Equal units on both axes, without moving the axes as matplotlib's equal aspect does."""
    width, height = ax.get_window_extent().size
    side = WINDOW * width / height
    ax.set(xlim=(-side, side), ylim=(-WINDOW, WINDOW), xticks=(-2, 0, 2), yticks=(-2, 0, 2))


def _draw_error(ax: Axes, steps: TwoSteps, lr: float) -> str:
    """How the gap and the bracket's error shrink with the learning rate, and where we are; the same in words."""
    rates = RATES[:, None]
    effects, errors = _sizes(steps.backward(rates)[-1] - steps.forward(rates)[-1], steps.bracket(rates))
    lines = {"|backward − forward|": (effects, 2), "error of the bracket": (errors, 3)}
    seen = {name: values for name, (values, _) in lines.items() if (values > 0).all()}
    if not seen:
        ax.text(0.5, 0.5, "the two steps commute:\nno gap at any h", ha="center", va="center", transform=ax.transAxes)
        ax.set_axis_off()
        return "the two steps commute, there is no gap at any h"
    draw_slopes(ax, RATES, seen, [lines[name][1] for name in seen], "learning rate h (no unit)", "distance (no unit)")
    ax.set_xlim(0.006, 0.7)
    plain_log(ax.xaxis)
    ax.axvline(lr, color=REFERENCE, linewidth=1, linestyle=(0, (1, 2)))
    name = "gap and error" if len(seen) == 2 else "gap (no error)"
    ax.set_title(f"{name}; dotted: h = {lr:.2f}")
    return f"{name}, distances against the learning rate h on logarithmic axes, with a mark at h = {lr:.2f}"


def _sizes(gap: Floats, bracket: Floats) -> tuple[Floats, Floats]:
    """Lengths of the gap and of what the bracket misses; rounding counts as 0."""
    whole, missed = (np.linalg.norm(each, axis=-1) for each in (gap, gap - bracket))
    return np.where(whole < ROUNDING, 0.0, whole), np.where(missed < ROUNDING, 0.0, missed)
