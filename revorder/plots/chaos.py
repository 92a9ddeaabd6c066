"""Figures of the chaos game: SGD on the corners of a triangle, as points in the plane."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from revorder.plots.looks import STYLES
from revorder.plots.picture import Picture, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SOME = 300  # points; more are a picture within the picture, which then stays small
NESTED = 6  # sub-triangles drawn for the oldest batches; the next one would be a dot
LABELS = {"xlabel": "θ, first coordinate", "ylabel": "θ, second coordinate"}
FRAME = (-0.1, 1.2, -0.1, 1.15)  # holds the triangle and a start somewhat outside of it
ROUNDING = 1e-15  # states have sizes about 1, and float64 keeps 16 digits
FEW_DOTS = 300  # that are seen one by one
FEW = 5  # last moves, of which the largest is told
CLOSE = (-0.06, 1.06)
GREY = "#8a8a8a"


def chaos_figure(
    forward: ArrayLike, backward: ArrayLike, corners: ArrayLike, tosses: Sequence[int], lr: float = 0.5
) -> Picture:
    """Two paths on the SAME tosses: forward's points fill an attractor, backward's home in on one point.

    Args:
        forward: (n + 1, 2), the states F_0, …, F_n of one run, F_0 being the start.
        backward: (n + 1, 2), the states B_0, …, B_n.
        corners: (3, 2), in the unit square.
        tosses: at least n corner numbers, batch 0 first; the oldest ones give the nested sub-triangles.
        lr: learning rate h in (0, 1]; a sub-triangle is 1 - h times the size of the one around it.

    Raises:
        ValueError: paths of different lengths, or fewer tosses than steps.
    """
    forward, backward, corners = (np.asarray(each, dtype=float) for each in (forward, backward, corners))
    n = _steps(forward, backward, tosses)
    made, (left, right) = figure(8.0, 3.9, fast=True, ncols=2, margins={"columns": 0.75})
    triangles = nested_triangles(corners, tosses[: min(n, NESTED)], lr)
    span = f"steps 0 to {n}" if n else "step 0"
    _panel(left, triangles[:1], f"forward, {span}")
    _panel(right, triangles, f"backward, {span}")
    left.plot(*forward.T, "o", color=STYLES[0]["color"], markersize=3 if n <= FEW_DOTS else 1)
    right.plot(*backward.T, marker="s", markersize=3.5, linewidth=1, **STYLES[1])
    for ax, path in ((left, forward), (right, backward)):
        ax.plot(*path[-1], "*", color="black", markersize=12, markeredgecolor="white", label=f"step {n}")
        ax.legend(loc="upper left", handletextpad=0.1, borderaxespad=0.1)
    right.set_ylabel("")
    said = _moves(forward, backward)
    made.suptitle(said)
    return Picture(made, f"Two scatter plots, the second coordinate of θ against the first, learning rate {lr:.3g}, "
                         f"{span} of two runs on the same tosses. "
                         f"{_told(forward, backward, len(triangles) - 1)} {said}.")  # fmt: skip


def clouds_figure(
    clouds: Mapping[str, ArrayLike], corners: ArrayLike, *, title: str, backward: Collection[str] = ()
) -> Picture:
    """Clouds of points side by side, each within the outline of the triangle.

    Args:
        clouds: panel title -> points (n, 2). The title should say whether they are steps of one run or seeds.
        corners: (3, 2), in the unit square.
        title: the message of the figure.
        backward: the titles of those clouds that are drawn in the colour of backward.
    """
    count, corners = len(clouds), np.asarray(corners, dtype=float)
    side = 2.6 if count < 3 else 2.0
    made, axes = figure(1.0 + side * count + 0.5 * (count - 1), side + 1.2, fast=True, ncols=count, squeeze=False,
                        margins={"columns": 0.5})  # fmt: skip
    outline = nested_triangles(corners, [], 0.5)
    for ax, (name, points) in zip(axes[0], clouds.items(), strict=True):
        _panel(ax, outline, name)
        x, y = np.asarray(points, dtype=float).T
        size, colour = float(np.clip(90 / len(x) ** 0.5, 0.9, 2.4)), STYLES[1 if name in backward else 0]["color"]
        ax.plot(x, y, ".", markersize=size, markeredgewidth=0, color=colour, rasterized=len(x) > SOME)
        ax.set(xlim=CLOSE, ylim=CLOSE, ylabel=LABELS["ylabel"] if ax is axes[0, 0] else "")
    made.suptitle(title)
    said = "; ".join(f"{name}: {_cloud(points)}, {_middle(points, corners)}" for name, points in clouds.items())
    plots = f"Scatter plot{'s' * (count > 1)} within a triangle, the second coordinate of θ against the first"
    return Picture(made, f"{plots}. {title}. {said}.")


def corner_weights(points: ArrayLike, corners: ArrayLike) -> np.ndarray:
    """The weights of the three corners in each point: p = w_0·corner 0 + w_1·corner 1 + w_2·corner 2, their sum 1.

    T_i takes the weights w to (1 - h) w and adds h to w_i, so copy i of the triangle is where w_i >= h. At h = ½ each
    step writes one binary digit of every weight, as in `revorder.theory.binary_fraction`.

    Args:
        points: (n, 2).
        corners: (3, 2), not on one line.

    Returns:
        Array (n, 3), barycentric coordinates. All of them are >= 0 inside the triangle.
    """
    points, (origin, first, second) = np.asarray(points, dtype=float), np.asarray(corners, dtype=float)
    u, v, p = first - origin, second - origin, points - origin
    area = u[0] * v[1] - u[1] * v[0]
    one = (p[:, 0] * v[1] - p[:, 1] * v[0]) / area
    two = (u[0] * p[:, 1] - u[1] * p[:, 0]) / area
    return np.stack([1 - one - two, one, two], axis=1)


def nested_triangles(corners: np.ndarray, tosses: Sequence[int], lr: float) -> np.ndarray:
    """The triangle, its copy T_0(triangle), then T_0(T_1(triangle)), …: array (len(tosses) + 1, 3, 2)."""
    scale, shift, triangles = 1.0, np.zeros(2), [corners]
    for toss in tosses:
        shift = shift + scale * lr * corners[int(toss)]
        scale *= 1 - lr
        triangles.append(scale * corners + shift)
    return np.array(triangles)


def _panel(ax: Axes, triangles: np.ndarray, title: str) -> None:
    """Outlines of triangles, as one line that is broken where a triangle ends."""
    closed = np.concatenate([triangles, triangles[:, :1], np.full((len(triangles), 1, 2), np.nan)], axis=1)
    ax.plot(*closed.reshape(-1, 2).T, color=GREY, linewidth=0.9)
    ax.set(xlim=FRAME[:2], ylim=FRAME[2:], xticks=[0, 0.5, 1], yticks=[0, 0.5, 1], aspect="equal", **LABELS)
    ax.set_title(title)


def _steps(forward: np.ndarray, backward: np.ndarray, tosses: Sequence[int]) -> int:
    """How many steps both paths have."""
    if forward.shape != backward.shape or len(tosses) < len(forward) - 1:
        raise ValueError(f"forward, backward, tosses: got {len(forward)} and {len(backward)} states and {len(tosses)} "
                         "tosses, but they must be n + 1, n + 1 and at least n")  # fmt: skip
    return len(forward) - 1


def _told(forward: np.ndarray, backward: np.ndarray, depth: int) -> str:
    """Both paths in words."""
    nested = f" Around it, {depth} nested sub-triangles fixed by the oldest batches." if depth else ""
    x, y = forward[0]
    return (f"Both start at ({x:.3g}, {y:.3g}). Forward: {_cloud(forward)}, the newest at {_at(forward)}. "
            f"Backward: {_cloud(backward)}, joined in order, the newest at {_at(backward)}.{nested}")  # fmt: skip


def _moves(forward: np.ndarray, backward: np.ndarray) -> str:
    """How far each path moved lately, for the title: one small move may be chance, as a toss of the corner it is on."""
    if len(forward) == 1:
        return "Step 0: both orders stand at the start"
    few = min(FEW, len(forward) - 1)
    largest = [float(np.linalg.norm(np.diff(path[-few - 1 :], axis=0), axis=1).max()) for path in (forward, backward)]
    told = f"Largest of the last {few} moves" if few > 1 else "First move"
    return f"{told}: forward {_size(largest[0])}, backward {_size(largest[1])}"


def _size(distance: float) -> str:
    """A distance in few digits, or that it is lost in rounding."""
    return f"{distance:.2g}" if distance >= ROUNDING else f"below {ROUNDING:g}"


def _at(path: np.ndarray) -> str:
    return f"({path[-1, 0]:.3f}, {path[-1, 1]:.3f})"


def _cloud(points: ArrayLike) -> str:
    count = len(np.asarray(points))
    return f"{count} point" + "s" * (count != 1)


def _middle(points: ArrayLike, corners: np.ndarray) -> str:
    inside = int((corner_weights(points, corners) < 0.5).all(axis=1).sum())
    return f"{inside or 'none'} of them in the middle quarter of the triangle"
