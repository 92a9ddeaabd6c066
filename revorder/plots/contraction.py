"""Figures of contraction: two runs that come together, and how far a backward path still is from its limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from revorder.plots.looks import STYLES, Style
from revorder.plots.picture import Picture, figure, plain_log
from revorder.theory import a_posteriori_bound, error_bound
from revorder.theory.checks import Floats
from revorder.trajectories.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.ticker import LogLocator

FLOOR = 1e-11  # gaps below it are rounding, and not drawn
THIN: Style = {"color": "#444444", "linewidth": 1.0}  # what is not measured, but promised
LEFT_OF_TITLE = {"x": 0.012, "ha": "left", "fontweight": "bold", "fontsize": 11}


def gap_figure(
    run: Trajectory,
    starts: np.ndarray,
    rate: float,
    *,
    first_move: float | None = None,
    title: str | None = None,
) -> Picture:
    """Two runs on the same batches: their paths at the left, their gap at the right, on a logarithmic axis.

    Args:
        run: one run of both starts together: states (N, 2) at the steps 1 … N.
        starts: (2,), the starts a and b.
        rate: ρ, a Lipschitz constant of every map; the gap is at most ρⁿ |a - b|.
        first_move: R, a bound on |Ta - a| for every batch that may come. If it is given, the path is backward and
            rate < 1, the a-priori bound on the distance of B_n(a) from its limit is drawn too.
        title: the message of the figure; by default it follows from the order and the rate.
    """
    paths = np.concatenate([np.asarray(starts, dtype=float)[None], np.asarray(run.states, dtype=float)])
    backward = run.order == "backward"
    made, (left, right) = figure(8.0, 3.7, fast=True, ncols=2, margins={"top": 0.9})
    _draw_paths(left, paths, STYLES[backward])
    _draw_gap(right, paths, STYLES[backward], rate, first_move if backward and rate < 1 else None)
    said = title or gap_message(run.order, rate, gaps(paths)[0])
    made.suptitle(said, **LEFT_OF_TITLE)
    return Picture(made, _gap_alt(said, run.order, paths, rate))


def gap_message(order: str, rate: float, gap: float) -> str:
    """What two runs of the scalar model show, in one sentence; `gap` is |a - b|."""
    said = f"{order.capitalize()}: "
    if gap == 0:
        return said + "the starts are equal, and there is no gap"
    if rate >= 1:
        return said + f"the rate is {rate:.3g}, not below 1, and the gap does not shrink"
    end = "and the paths settle" if order == "backward" else "but the paths keep moving"
    return said + f"the gap {f'shrinks like {rate:.3g}ⁿ' if rate else 'closes at once'}, {end}"


def gaps(paths: Floats) -> Floats:
    """|a_n - b_n| at the steps 0 … N: (N+1,), from paths (N+1, 2)."""
    return np.abs(paths[:, 0] - paths[:, 1])


def _draw_paths(ax: Axes, paths: np.ndarray, style: Style) -> None:
    steps = range(len(paths))
    for k, (name, marker, filled) in enumerate([("a", "o", style["color"]), ("b", "s", "white")]):
        ax.plot(steps, paths[:, k], marker=marker, markersize=4.5, markerfacecolor=filled, linewidth=1.1,
                label=f"from {name} = {paths[0, k]:.3g}", **style)  # fmt: skip
    ax.set(xlabel="step n (batches)", ylabel="θ (no unit)")
    ax.locator_params(nbins=5)  # few ticks are quick to draw
    _legend_above(ax, 1)


def _draw_gap(ax: Axes, paths: np.ndarray, style: Style, rate: float, first_move: float | None) -> None:
    steps, gap, moves = np.arange(len(paths)), gaps(paths), np.abs(np.diff(paths[:, 0]))
    lines: list[tuple[np.ndarray, np.ndarray, str, Style]] = [(steps, gap[0] * rate**steps, "ρⁿ |a - b|", THIN)]
    if first_move is not None:
        bound = np.array([error_bound(rate, int(n), first_move) for n in steps])
        lines.append((steps, bound, "a-priori bound", {"color": STYLES[3]["color"], "linestyle": (0, (4, 1, 1, 1))}))
    marked = {"color": style["color"], "linestyle": "none", "marker": "D", "markersize": 4.5}
    lines.append((steps, gap, "gap", marked))
    still = {"color": STYLES[2]["color"], "linestyle": "none", "marker": "^", "markersize": 4.5}
    lines.append((steps[:-1], moves, "next move, from a", still))
    for x, y, label, options in lines:
        ax.plot(x, np.where(y > FLOOR, y, np.nan), label=label, **options)
    ax.set(xlabel="step n (batches)", ylabel="distance (no unit)", xlim=(-0.03 * len(gap), 1.01 * len(gap)))
    ax.locator_params(axis="x", nbins=5)
    ax.set_yscale("log")
    plain_log(ax.yaxis)
    cast("LogLocator", ax.yaxis.get_major_locator()).set_params(numticks=5)  # as `plain_log` made it
    _legend_above(ax, 2)


def _legend_above(ax: Axes, ncols: int) -> None:
    ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.99), ncols=ncols, frameon=False, fontsize=9, borderaxespad=0.2,
              columnspacing=1.2, handletextpad=0.5)  # fmt: skip


def _gap_alt(said: str, order: str, paths: np.ndarray, rate: float) -> str:
    gap, moves = gaps(paths), np.abs(np.diff(paths[:, 0]))
    return (
        f"{said}. Left: two {order} paths over the steps 0 to {len(gap) - 1}, from {paths[0, 0]:.3g} to "
        f"{paths[-1, 0]:.3g} and from {paths[0, 1]:.3g} to {paths[-1, 1]:.3g} in θ. Right, distances on a logarithmic "
        f"axis: the gap goes from {gap[0]:.3g} to {gap[-1]:.2g}, where {rate:.3g}ⁿ |a - b| is "
        f"{gap[0] * rate ** (len(gap) - 1):.2g}; the largest of the last ten moves of the path from a is "
        f"{moves[-10:].max():.2g}."
    )


def bounds_figure(run: Trajectory, start: float, limit: float, rate: float, first_move: float) -> Picture:
    """How far a backward path is from its limit, beside the a-priori bound, and beside Banach's a-posteriori one.

    Args:
        run: a backward run of the scalar model, states (N,) at the steps 1 … N.
        start: θ_0.
        limit: B_∞, or a step so much later that it counts as the limit.
        rate: ρ < 1.
        first_move: R, a bound on |Tθ_0 - θ_0| for every batch that may come.
    """
    steps = np.arange(1, len(run.steps) + 1)
    error, last_moves = distances(run, start, limit)
    before = np.array([error_bound(rate, int(n), first_move) for n in steps])
    after = np.array([a_posteriori_bound(rate, move) for move in last_moves])
    wrong = after < error
    made, ax = figure(7.4, 3.9)
    ax.plot(steps, before, color=STYLES[3]["color"], linestyle=(0, (4, 1, 1, 1)), label="a-priori bound")
    ax.plot(steps, error, marker="o", markersize=5, label=r"true distance $|B_\infty - B_n|$", **STYLES[1])
    bottom = min(before.min(), error.min()) / 4
    ax.plot(steps, np.where(after > 0, after, np.nan), "^", color=THIN["color"], label="a-posteriori “bound”")
    if (after == 0).any():
        zero = np.where(after == 0, bottom * 1.25, np.nan)
        ax.plot(steps, zero, "v", color=THIN["color"], markerfacecolor="white", label="a-posteriori “bound” is 0")
    ax.plot(steps[wrong], error[wrong], "x", color="black", markersize=13, markeredgewidth=2,
            label="a-posteriori violated")  # fmt: skip
    ax.set(xlabel="step n (batches)", ylabel="distance (no unit)", yscale="log", ylim=(bottom, None))
    ax.xaxis.get_major_locator().set_params(integer=True)
    plain_log(ax.yaxis)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    said = f"Backward: the a-posteriori “bound” is wrong at {wrong.sum()} of {len(steps)} steps"
    ax.set_title(said, fontweight="bold", loc="left")
    return Picture(made, _bounds_alt(said, steps[wrong], error, before))


def distances(run: Trajectory, start: float, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """|limit - B_n| and the last move |B_n - B_(n-1)| at the steps 1 … N: two arrays (N,)."""
    path = np.concatenate([[float(start)], np.asarray(run.states, dtype=float)])
    return np.abs(float(limit) - path[1:]), np.abs(np.diff(path))


def _bounds_alt(said: str, wrong: np.ndarray, error: np.ndarray, before: np.ndarray) -> str:
    named = ", ".join(map(str, wrong)) or "none"
    return (
        f"{said}. Logarithmic plot over the steps 1 to {len(error)}. The true distance to the limit falls from "
        f"{error[0]:.2g} to {error[-1]:.2g}; the a-priori bound falls from {before[0]:.2g} to {before[-1]:.2g}, and "
        f"holds at {(error <= before).sum()} of {len(error)} steps. "
        f"Steps at which the a-posteriori “bound” is below the true distance: {named}."
    )
