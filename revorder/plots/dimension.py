"""A figure of the box dimension: a cloud of points, and how many boxes hold some of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from revorder.plots.looks import REFERENCE, STYLES
from revorder.plots.picture import Picture, figure, plain_log


def dimension_figure(points: ArrayLike, counts: ArrayLike, slope: float, exact: float, lr: float) -> Picture:
    """Points in the unit square, and the number of boxes of side 2^-k that hold some of them, on logarithmic axes.

    Args:
        points: (n, 2).
        counts: the numbers of boxes for k = 0, 1, ….
        slope: of log counts against log 1/side, as measured.
        exact: the dimension by theory, or an upper bound where the copies overlap; a slope through the first count.
        lr: learning rate h.
    """
    points, counts = np.asarray(points, dtype=float), np.asarray(counts, dtype=float)
    made, (left, right) = figure(7.1, 3.5, fast=True, ncols=2)
    left.plot(*points.T, ",", color=STYLES[0]["color"])
    left.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal", xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    left.set(xlabel="weight of corner 1", ylabel="weight of corner 2", title=f"{len(points)} dots, h = {lr:.3g}")
    depths, name = np.arange(len(counts)), "upper bound" if 1 / 3 < lr < 0.5 else "exact"
    right.plot(depths, counts, "o", color=STYLES[0]["color"], label="boxes counted")
    right.plot(depths, 2.0 ** (exact * depths), "--", color=REFERENCE, label=f"{name} {exact:.3f}")
    right.set(yscale="log", xlabel="side of the boxes", ylabel="boxes that hold dots", title="Boxes of half the side")
    plain_log(right.yaxis)
    right.set_xticks(depths[::2], [f"1/{2**k}" if k else "1" for k in depths[::2]])
    right.legend(loc="upper left")
    message = f"Measured dimension {slope:.3f}, {name} {exact:.3f}"
    made.suptitle(message)
    numbers = ", ".join(f"{count:.0f}" for count in counts)
    dots = f"Left, {len(points)} points of the chaos game at learning rate {lr:.3g}, by the weights of corners 1 and 2"
    boxes = f"Right, the numbers of boxes of side 1, 1/2, 1/4, … that hold some: {numbers}"
    return Picture(made, f"{dots}. {boxes}. {message}.")
