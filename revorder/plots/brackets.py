"""Pictures of brackets: two steps in two orders, and orders of errors as slopes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from revorder.plots.design import BESIDE
from revorder.plots.labels import entry
from revorder.plots.looks import PALETTE, REFERENCE, Style, looks, wide_line
from revorder.plots.picture import Picture, figure, plain_log, power_of_ten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BENDS = 96  # points of a level line
# not those of forward and backward: these lines are differences between the two
SIZES: list[Style] = [*PALETTE[2:4], {"color": "0.25", "linestyle": (0, (6, 1.5, 1, 1.5)), "marker": "o"},
                      *PALETTE[4:6]]  # fmt: skip
GUIDES = (2, 3)  # slopes
LOSSES: tuple[Style, ...] = ({"color": REFERENCE, "linestyle": "-"}, {"color": REFERENCE, "linestyle": (0, (2, 2))})


def slope(x: ArrayLike, y: ArrayLike) -> float:
    """The slope of the straight line that fits log y against log x best: p for y = C xᵖ. Both positive, (n,)."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def slope_figure(
    x: ArrayLike,
    sizes: Mapping[str, ArrayLike],
    *,
    guides: Sequence[float] | None = None,
    xlabel: str = "learning rate h",
    ylabel: str = "distance in parameter space",
    title: str,
) -> Picture:
    """How sizes shrink with the learning rate, or grow with a window: a power of x is a straight line.

    Args:
        x: (n,) positive numbers.
        sizes: name -> (n,) positive numbers; one line each.
        guides: slopes of the wide lines to compare with, one for each of the first sizes, through its smallest x;
            default: 2 for the first and 3 for the second.
        xlabel, ylabel: with units.
        title: the message of the figure.

    Raises:
        ValueError: more guides than sizes.
    """
    guides = GUIDES[: len(sizes)] if guides is None else guides
    if len(guides) > len(sizes):
        raise ValueError(f"guides: got {len(guides)} slopes, but there are {len(sizes)} sizes to compare with them")
    made, ax = figure(8.0, 3.8)
    draw_slopes(ax, x, sizes, guides, xlabel, ylabel)
    ax.legend(**BESIDE)
    made.suptitle(title)
    return Picture(made, f"Log-log plot of {ylabel} against {xlabel}. {title}. {_range(x, sizes)}.")


def draw_slopes(
    ax: Axes, x: ArrayLike, sizes: Mapping[str, ArrayLike], guides: Sequence[float], xlabel: str, ylabel: str
) -> None:
    """The lines of `slope_figure`, on axes that are there already."""
    x = np.asarray(x, dtype=float)
    _draw_guides(ax, x, list(zip(list(sizes.values())[: len(guides)], guides, strict=True)))
    for name, style in looks(list(sizes), SIZES).items():
        ax.plot(x, sizes[name], label=entry(name), markersize=5, linewidth=1.6, **style)
    ax.set(xlabel=xlabel, ylabel=ylabel, xscale="log", yscale="log")
    plain_log(ax.xaxis, ax.yaxis)
    low, high = ax.get_ylim()
    if high > 100 * low:
        ax.yaxis.set_major_formatter(lambda value, position: power_of_ten(value))


def _draw_guides(ax: Axes, x: np.ndarray, compared: Sequence[tuple[ArrayLike, float]]) -> None:
    """A wide line of the given slope under each line, with one entry in the legend for all of them."""
    distinct = sorted({guide for _, guide in compared})
    named = ("slopes " if len(distinct) > 1 else "slope ") + " and ".join(f"{guide:g}" for guide in distinct)
    start = int(x.argmin())
    for number, (values, guide) in enumerate(compared):
        ax.plot(x, np.asarray(values)[start] * (x / x[start]) ** guide,
                label=None if number else named, **wide_line())  # fmt: skip


def _range(x: ArrayLike, sizes: Mapping[str, ArrayLike]) -> str:
    at = np.asarray(x, dtype=float)
    ends = int(at.argmin()), int(at.argmax())
    return "; ".join(
        name + " " + " and ".join(f"{np.asarray(values, dtype=float)[i]:.2g} at {at[i]:.3g}" for i in ends)
        for name, values in sizes.items()
    )


def bracket_figure(
    forward: ArrayLike,
    backward: ArrayLike,
    bracket: ArrayLike,
    minimisers: ArrayLike,
    levels: Sequence[Sequence[ArrayLike]] = ((), ()),
    *,
    title: str,
) -> Picture:
    """Two steps in the plane, in two orders: the parallelogram does not close, and the bracket spans the gap.

    Args:
        forward: (3, 2) states of batch 0 first, then batch 1: start, after one step, end.
        backward: (3, 2) states of batch 1 first, then batch 0.
        bracket: (2,) the predicted gap, backward's end minus forward's.
        minimisers: (2, 2) where the losses of batch 0 and batch 1 are least.
        levels: for each batch its level lines, each (n, 2), as `level_line` makes them.
        title: the message of the figure.
    """
    made, ax = figure(8.0, 4.2)
    forward, backward, bracket = np.asarray(forward), np.asarray(backward), np.asarray(bracket)
    draw_two_steps(ax, forward, backward, bracket, np.asarray(minimisers), levels)
    ax.set_aspect("equal", adjustable="datalim")
    ax.legend(**BESIDE)
    made.suptitle(title)
    said = describe_two_steps(forward, backward, bracket)
    return Picture(made, f"{title}. Paths in the plane, the second coordinate of θ against the first. {said}")


def draw_two_steps(
    ax: Axes,
    forward: np.ndarray,
    backward: np.ndarray,
    bracket: np.ndarray,
    minimisers: np.ndarray,
    levels: Sequence[Sequence[ArrayLike]] = ((), ()),
) -> None:
    """The picture of `bracket_figure`, on axes that are there already."""
    for number, (lines, style) in enumerate(zip(levels, LOSSES, strict=True)):
        for line in lines:
            ax.plot(*np.asarray(line).T, linewidth=0.9, **style)
        ax.plot(*minimisers[number], marker="xP"[number], color=REFERENCE, markersize=7, linestyle="none",
                label=f"minimiser of batch {number}")  # fmt: skip
    names = ("forward: 0, then 1", "backward: 1, then 0")
    for name, path, style in zip(names, (forward, backward), PALETTE[:2], strict=True):
        ax.plot(*path.T, markersize=5, linewidth=1.6, label=name, **style)
    head = "-|>,head_width=0.2,head_length=0.4"
    arrow = {"arrowstyle": head, "color": "black", "linewidth": 1.8, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", forward[-1] + bracket, forward[-1], arrowprops=arrow)
    ax.plot([], [], color="black", linewidth=1.8, marker=">", markersize=6, label="bracket")
    ax.plot(*forward[0], marker="*", color="black", markersize=11, linestyle="none", label="start")
    ax.set(xlabel="θ, first coordinate", ylabel="θ, second coordinate")


def describe_two_steps(forward: ArrayLike, backward: ArrayLike, bracket: ArrayLike) -> str:
    """In words: where both orders end, how far apart, and what the bracket predicts."""
    f, b, predicted = np.asarray(forward)[-1], np.asarray(backward)[-1], np.asarray(bracket)
    return (
        f"From the start at {_point(np.asarray(forward)[0])} forward ends at {_point(f)} and backward at {_point(b)}: "
        f"backward minus forward is {_point(b - f)}, and the bracket predicts {_point(predicted)}."
    )


def _point(vector: np.ndarray) -> str:
    return f"({vector[0]:.3f}, {vector[1]:.3f})".replace("-0.000", "0.000")


def level_line(
    loss: Callable[[np.ndarray], ArrayLike], centre: ArrayLike, through: ArrayLike, share: float = 1.0
) -> np.ndarray:
    """The points around `centre` with one value of the loss, (96, 2): found by bisection along rays.

    Args:
        loss: function of (n, 2) points that returns (n,) values and grows along every ray from `centre`.
        centre: (2,) its minimiser, where it is 0.
        through: (2,) a point; the level is the loss there times `share`.
    """
    centre, through = np.asarray(centre, dtype=float), np.asarray(through, dtype=float)
    level = share * np.asarray(loss(through[None]))[0]
    angle = np.linspace(0, 2 * np.pi, BENDS)
    rays = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    inside, outside = np.zeros(BENDS), np.full(BENDS, 100.0)
    for _ in range(24):
        middle = (inside + outside) / 2
        below = np.asarray(loss(centre + middle[:, None] * rays)) < level
        inside, outside = np.where(below, middle, inside), np.where(below, outside, middle)
    line: np.ndarray = centre + inside[:, None] * rays
    return line
