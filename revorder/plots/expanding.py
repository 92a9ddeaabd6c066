"""Figures of random maps of which some expand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from revorder.plots.looks import STYLES
from revorder.plots.picture import Picture, figure, plain_log
from revorder.theory.random_slopes import lyapunov_exponent, tail_index

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORWARD, BACKWARD = STYLES[:2]
LOWEST = 1e-12  # of the moves that are drawn


def expanding_figure(states: Mapping[str, np.ndarray], ends: np.ndarray, slopes: Sequence[float]) -> Picture:
    """Maps θ → aθ + 1 with one of two slopes a each: the paths, their moves on a log axis, and the tail over seeds.

    Args:
        states: forward, backward: (n + 1,), one path of each order; product: (n + 1,), |a_0 ⋯ a_(n-1)|.
        ends: (seeds,), backward states at one step.
        slopes: the two slopes.
    """
    made, (path, moves, tail) = figure(9.6, 3.3, ncols=3)
    exponent = lyapunov_exponent(slopes)
    for order, style in (("forward", FORWARD), ("backward", BACKWARD)):
        path.plot(states[order], label=order, **style)
    path.set(xlabel="step n (batches)", ylabel="θ", ylim=(-20, 20), title="one path of each order")
    path.legend(loc="lower left")
    steps = np.arange(len(states["product"]))
    moves.plot(np.maximum(np.abs(np.diff(states["forward"])), LOWEST), label="forward's move", **FORWARD)
    moves.plot(np.maximum(states["product"], LOWEST), label="product of slopes", **BACKWARD)
    moves.plot(steps, np.exp(max(exponent, -100.0) * steps), color="black", linewidth=1, label="exp(λn)")
    moves.set(yscale="log", ylim=(LOWEST, 1e4), xlabel="step n (batches)", title="size of the next move")
    moves.legend(loc="lower left")
    said = _tail(tail, ends, slopes)
    settles = "backward settles" if exponent < 0 else "backward does not settle"
    expand = sum(abs(slope) > 1 for slope in slopes)
    title = f"{expand} of the 2 maps expand{'s' * (expand == 1)}, λ = {exponent:.3f}: {settles}"
    made.suptitle(title)
    return Picture(
        made, f"One path of each order, the size of their moves, the chance of |θ| > t over seeds. {title}. {said}."
    )


def _tail(ax: Axes, ends: np.ndarray, slopes: Sequence[float]) -> str:
    """The chance of |θ| > t on log-log axes, and Kesten's power law where there is one; returns what is to be seen."""
    sizes = np.sort(np.abs(ends))
    t = np.geomspace(1, 1000, 200)
    ax.plot(t, np.maximum(1 - np.searchsorted(sizes, t, side="right") / len(sizes), 1e-9), **BACKWARD)
    ax.set(xscale="log", yscale="log", xlim=(1, 1000), ylim=(1 / len(sizes), 1), xlabel="t (unit of θ)",
           title="chance of |θ| > t over seeds")  # fmt: skip
    plain_log(ax.xaxis, ax.yaxis)
    if lyapunov_exponent(slopes) >= 0 or max(map(abs, slopes)) <= 1 or slopes[0] == slopes[1] or 0 in slopes:
        return "Kesten's power law does not apply"
    index = tail_index(slopes)
    ax.plot(t, 0.05 * (t / np.quantile(sizes, 0.95)) ** -index, color="black", linewidth=1)
    return f"The tail is near a power law with exponent -{index:.2f}"
