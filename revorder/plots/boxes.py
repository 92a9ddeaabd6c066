"""Figures of coin tosses: maps in a row, the newest one last or first, and all ends of both rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from revorder.plots.design import INK
from revorder.plots.looks import PALETTE, REFERENCE, STYLES, Style
from revorder.plots.picture import Picture, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BINS = 32


def boxes_figure(
    forward: ArrayLike, backward: ArrayLike, tosses: Sequence[int], lr: float = 0.5, step: int | None = None
) -> Picture:
    """Rows of maps of coin tosses at the left, each a box that pulls towards its coin; what comes out at the right.

    Args:
        forward, backward: (N + 1,), the states at steps 0 … N of runs in these orders, in [0, 1].
        tosses: N numbers 0 or 1.
        lr: learning rate h.
        step: how many tosses are shown; default: all.
    """
    paths = {"forward": np.asarray(forward, dtype=float), "backward": np.asarray(backward, dtype=float)}
    n = len(tosses) if step is None else step
    made, (left, right) = figure(8.0, 3.6, fast=True, ncols=2, width_ratios=[3, 2], margins={"left": 0.3})
    _row(left, tosses[:n], list(range(n)), paths["forward"][: n + 1], 1.5, PALETTE[0])
    through = _through(paths["backward"][0], tosses[:n][::-1], lr)
    _row(left, tosses[:n], list(range(n - 1, -1, -1)), through, 0.0, PALETTE[1])
    left.set(xlim=(-0.4, max(n, 6) + 0.4), ylim=(-0.2, 2.95))
    left.set_axis_off()
    for y, order, where in ((2.72, "forward", "last"), (1.22, "backward", "first")):
        left.text(0, y, f"{order}: the newest map comes {where}")
    for (order, path), style in zip(paths.items(), PALETTE[:2], strict=True):
        right.plot(range(n + 1), path[: n + 1], label=order, markersize=5, linewidth=1.6, **style)
    right.set(xlabel="step n", ylabel="θ", xlim=(-0.3, len(tosses) + 0.3), ylim=(-0.04, 1.04))
    right.legend(loc="best")
    moves = {order: abs(np.diff(path[: n + 1])[-1]) if n else 0 for order, path in paths.items()}
    moved = ", ".join(f"{order} by {move:.2g}" for order, move in moves.items())
    said = f"Toss {n - 1} moved {moved}" if n else "No toss yet"
    made.suptitle(said)
    told = "; ".join(f"{order} from {path[0]:.3g} to {path[n]:.3g}" for order, path in paths.items())
    return Picture(made, "Left: the maps of coin tosses in two rows of boxes, forward with the newest map last, "
                         "backward with the newest map first, and a value θ running through each. Right: what comes "
                         f"out at steps 0 to {n}, learning rate {lr:.3g}: {told}. {said}.")  # fmt: skip


def _through(start: float, tosses: Sequence[int], lr: float) -> np.ndarray:
    """The value before the first map and after each."""
    values = [start]
    for toss in tosses:
        values.append(values[-1] - lr * (values[-1] - toss))
    return np.array(values)


def _row(
    ax: Axes, tosses: Sequence[int], numbers: Sequence[int], values: np.ndarray, base: float, style: Style
) -> None:
    """Boxes of the maps with these numbers from left to right, with the value's way through them."""
    for place, number in enumerate(numbers):
        outline = np.array([[0.05, 0], [0.95, 0], [0.95, 1], [0.05, 1], [0.05, 0]]) + [place, base]
        newest = number == len(numbers) - 1
        ax.plot(*outline.T, color=REFERENCE, linewidth=2 if newest else 0.8)
        face, ink = (INK, "white") if tosses[number] else ("white", INK)
        ax.text(place + 0.5, base + tosses[number], str(tosses[number]), color=ink, ha="center", va="center",
                bbox={"boxstyle": "circle", "facecolor": face, "edgecolor": INK})  # fmt: skip
    ax.plot(range(len(values)), base + values, linewidth=2.2, markevery=[0, len(values) - 1], markersize=7, **style)


def ends_figure(forward: ArrayLike, backward: ArrayLike, tosses: ArrayLike, chosen: int, lr: float = 0.5) -> Picture:
    """All ends of forward above, all of backward below, and where the same sequence lies in both.

    Args:
        forward, backward: (sequences,) ends in [0, 1].
        tosses: (sequences, n), 0 or 1; a dark part of a bar holds the sequences whose oldest toss is 1.
        chosen: number of the sequence that is marked in both.
        lr: learning rate h.
    """
    ends = {"forward": np.asarray(forward, dtype=float), "backward": np.asarray(backward, dtype=float)}
    tosses = np.asarray(tosses)
    made, axes = figure(8.0, 3.8, fast=True, nrows=2, sharex=True, sharey=True, margins={"rows": 0.45})
    edges = np.linspace(0, 1, BINS + 1) - 1e-9
    for ax, (order, values), style in zip(axes, ends.items(), STYLES, strict=False):
        part, whole = (np.histogram(chosen_ones, edges)[0] for chosen_ones in (values[tosses[:, 0] == 1], values))
        ax.stairs(part, edges, fill=True, facecolor=style["color"], edgecolor="white", hatch="//", linewidth=0)
        ax.stairs(whole, edges, color=INK, linewidth=1.4)
        ax.axvline(values[chosen], color=INK, linewidth=2.4, linestyle=":")
        ax.set(
            ylabel="sequences",
            title=f"{order} (hatched: the oldest toss is 1): the chosen one ends at {values[chosen]:.3f}",
        )
        ax.yaxis.get_major_locator().set_params(integer=True)
    axes[1].set(xlabel="θ", xlim=(0, 1))
    word = " ".join(map(str, tosses[chosen]))
    same = np.allclose(np.sort(ends["forward"]), np.sort(ends["backward"]))
    said = f"{'Same histogram, different place' if same else 'Two histograms'}: the sequence {word}"
    made.suptitle(said)
    places = ", ".join(f"{order} at {values[chosen]:.3f}" for order, values in ends.items())
    return Picture(made, f"Histograms of the ends θ of all {len(tosses)} sequences of {tosses.shape[1]} tosses, "
                         f"forward above, backward below, learning rate {lr:.3g}. {said} ends {places}.")  # fmt: skip
