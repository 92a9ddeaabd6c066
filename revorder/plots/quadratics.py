"""A figure of SGD on quadratics: cycles of batches."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from revorder.plots.looks import STYLES
from revorder.plots.picture import Picture, figure, plain_log

FORWARD, BACKWARD = STYLES[:2]


def cycle_figure(
    forward: ArrayLike, backward: ArrayLike, points: ArrayLike, limit: ArrayLike, minimiser: ArrayLike, *, title: str
) -> Picture:
    """Cyclic batches in the plane: forward runs into a cycle, backward into one point.

    Args:
        forward, backward: (n, 2), the iterates at the steps 1 … n.
        points: (K, 2), the cycle that forward approaches.
        limit: (2,), the point that backward approaches.
        minimiser: (2,), of the mean loss.
        title: the message of the figure.
    """
    forward, backward, points, limit, minimiser = map(np.asarray, (forward, backward, points, limit, minimiser))
    made, (plane, distance) = figure(8.0, 3.8, ncols=2)
    closed = np.concatenate([points, points[:1]])
    late = slice(-10 * len(points), None)
    plane.plot(*forward[late].T, marker="o", markersize=4, linewidth=1, label="forward", **FORWARD)
    plane.plot(*closed.T, marker="o", markersize=11, markerfacecolor="none", color="0.45", linestyle="none",
               label="cycle, closed form")  # fmt: skip
    plane.plot(*backward[late].T, marker="s", markersize=7, linewidth=1, label="backward", **BACKWARD)
    plane.plot(*limit, marker="s", markersize=14, markerfacecolor="none", color="0.1", linestyle="none",
               label="limit, closed form")  # fmt: skip
    plane.plot(*minimiser, marker="X", markersize=10, color="black", linestyle="none", label="minimiser")
    plane.set(xlabel="θ₁", ylabel="θ₂", title=f"the last {10 * len(points)} steps")
    plane.margins(0.15)
    steps = np.arange(1, len(forward) + 1)
    for states, style, name in ((forward, FORWARD, "forward"), (backward, BACKWARD, "backward")):
        distance.plot(steps, np.linalg.norm(states - limit, axis=1), label=name, linewidth=1.6, **style)
    distance.set(yscale="log", xlabel="step n (batches)", ylabel="distance from backward's limit", title="all steps")
    plain_log(distance.yaxis)
    plane.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    distance.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    made.suptitle(title)
    far, near = (float(np.linalg.norm(states[-len(points) :] - limit, axis=1).max()) for states in (forward, backward))
    return Picture(
        made,
        f"Left: in the plane, θ₂ against θ₁, forward runs round {len(points)} points, backward stays at one, and the "
        f"minimiser is elsewhere. Right: the distance from backward's limit; in the last {len(points)} steps at most "
        f"{far:.2g} forward and {near:.1g} backward. {title}.",
    )
