"""Figures of two runs on the same batches: as a cobweb of the maps, and as paths whose gap shrinks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from revorder.plots.contraction import PROMISED
from revorder.plots.design import ABOVE, GRID, SPINE
from revorder.plots.looks import STYLES
from revorder.plots.picture import Picture, figure, plain_log
from revorder.theory.checks import Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FRAME = (-1.0, 2.0)  # of θ
ORDERS = ("forward", "backward")
FLOOR = 1e-12  # smaller gaps are not drawn
FEW = 5  # last moves, of which the largest is told


def cobweb_figure(
    way: Floats, paths: Mapping[str, Floats], values: Sequence[float], lr: float, web: str = "forward"
) -> Picture:
    """A cobweb of the maps θ - h (θ - x) from two starts, and the paths of both orders beside it.

    Args:
        way: (2, n + 1), the states on the way to step n of the order `web`, from both starts.
        paths: "forward" and "backward" -> (2, n + 1), the states at the steps 0 … n.
        values: the batches x that there are.
        lr: learning rate h.
        web: the order whose way is drawn.
    """
    n = way.shape[1] - 1
    made, (left, right) = figure(8.6, 3.7, fast=True, ncols=2, width_ratios=[2, 3])
    for x in values:
        left.plot(FRAME, [theta - lr * (theta - x) for theta in FRAME], color=SPINE, linewidth=1)
    left.plot(FRAME, FRAME, color=GRID, linewidth=1.2)
    for path in way:
        stairs = np.repeat(path, 2)
        left.plot(stairs[:-1], [FRAME[0], *stairs[2:]], linewidth=1.3, **STYLES[web == "backward"])
    left.set(xlim=FRAME, ylim=FRAME, xlabel="θ before a map", ylabel="θ after it", title=f"cobweb of {web}")
    _paths(right, paths)
    right.set(ylim=FRAME)
    said = f"After {n} steps the gap is {abs(1 - lr) ** n:.2g} of its start in both orders"
    made.suptitle(said)
    maps = f"{len(values)} map{'s' * (len(values) > 1)} of slope {1 - lr:.3g}"
    return Picture(made, f"{said}; {_moved(paths)}. Left: cobweb of two starts under {maps}, {n} applied. Right: the "
                         f"forward and the backward paths. {_ends(paths)}")  # fmt: skip


def coupled_figure(paths: Mapping[str, Floats], gaps: Floats, slopes: Sequence[float]) -> Picture:
    """Two runs under random maps of two slopes: their gap on a logarithmic axis, and their paths in both orders.

    Args:
        paths: "forward" and "backward" -> (2, n + 1), the states at the steps 0 … n.
        gaps: (n + 1,), the distance of the two runs, which is the same in both orders.
        slopes: the two slopes, equally likely; with both below 1 in size their larger one gives the line ρⁿ.
    """
    n, rate, mean = len(gaps) - 1, max(map(abs, slopes)), float(np.sqrt(abs(slopes[0] * slopes[1])))
    made, (left, right) = figure(8.6, 3.7, fast=True, ncols=2)
    steps = np.arange(n + 1)
    for line, label, dashes in ((rate, "largest slopeⁿ", "--"), (mean, "mean slopeⁿ", ":")):
        left.plot(steps, gaps[0] * line**steps, color=PROMISED, linewidth=1, linestyle=dashes, label=label)
    left.plot(steps, np.where(gaps > FLOOR, gaps, np.nan), color=STYLES[2]["color"], linewidth=1.8, label="gap")
    left.set(xlabel="step n", ylabel="gap |a - b|", yscale="log", ylim=(FLOOR, 1e4))
    plain_log(left.yaxis)
    left.legend(ncols=3, **ABOVE)
    _paths(right, paths)
    said = f"Slopes {slopes[0]:.3g} and {slopes[1]:.3g}: the gap is {gaps[-1] / max(gaps[0], 1e-300):.2g} of its start"
    made.suptitle(said)
    return Picture(made, f"Left: the gap of two runs over {n} steps on a logarithmic axis. Right: their forward and "
                         f"backward paths. {said}; a step multiplies it by {mean:.3g} in the geometric mean. "
                         f"{_moved(paths)}. {_ends(paths)}")  # fmt: skip


def _paths(ax: Axes, paths: Mapping[str, Floats]) -> None:
    for number, order in enumerate(ORDERS):
        for k, path in enumerate(paths[order]):
            ax.plot(path, marker="os"[k], markersize=2.5, linewidth=1.1, label=None if k else order, **STYLES[number])
    ax.set(xlabel="step n", ylabel="θ")
    ax.locator_params(nbins=5)
    ax.legend(ncols=2, **ABOVE)


def _moved(paths: Mapping[str, Floats]) -> str:
    if paths["forward"].shape[1] == 1:
        return "no step has been made"
    largest = [float(abs(np.diff(paths[order])[:, -FEW:]).max()) for order in ORDERS]
    return f"largest of the last moves: forward {largest[0]:.2g}, backward {largest[1]:.2g}"


def _ends(paths: Mapping[str, Floats]) -> str:
    ends = [f"{order} from {path[0]:.3g} to {path[-1]:.3g}" for order in ORDERS for path in paths[order]]
    return f"Paths: {', '.join(ends)}."
