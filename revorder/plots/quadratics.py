"""Figures of SGD on quadratics: stationary ellipses, heavy tails, and cycles of batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from revorder.plots.looks import STYLES, Style
from revorder.plots.picture import Picture, figure, plain_log

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FORWARD, BACKWARD = STYLES[:2]
DOTS: Style = {"linestyle": "none", "markersize": 3.5, "markeredgewidth": 0}
ELLIPSES = [(1, "-"), (2, (0, (4, 2)))]  # how many sigma, and the dash pattern


def inside(points: ArrayLike, covariance: ArrayLike, sigmas: float) -> float:
    """The fraction of points (n, 2) with θᵀ Σ⁻¹ θ <= sigmas²; for a Gaussian in the plane, 1 - exp(-sigmas²/2)."""
    points = np.asarray(points)
    squares = np.einsum("ni,ni->n", points, np.linalg.solve(np.asarray(covariance), points.T).T)
    return float((squares <= sigmas**2).mean())


def covariance_figure(
    forward: ArrayLike, backward: ArrayLike, ends: ArrayLike, covariance: ArrayLike, *, title: str
) -> Picture:
    """The ellipses of a stationary covariance about 0, with one path of each order, and with many backward end points.

    Args:
        forward, backward: (n, 2), iterates of one run, without the burn-in: the spread along the path.
        ends: (seeds, 2), backward states at one step, one for each seed: the spread over seeds.
        covariance: (2, 2), what theory predicts.
        title: the message of the figure.
    """
    forward, backward, ends = np.asarray(forward), np.asarray(backward), np.asarray(ends)
    made, (path, seeds) = figure(8.0, 4.5, fast=True, ncols=2, margins={"bottom": 0.95})
    reach = 3.3 * np.sqrt(np.linalg.eigvalsh(np.asarray(covariance))[-1])
    draw_paths(path, forward, backward, "backward")
    seeds.plot(*ends.T, marker="s", color=BACKWARD["color"], label=f"backward, {len(ends)} seeds", **DOTS)
    for ax in (path, seeds):
        draw_ellipses(ax, covariance)
        ax.set(xlabel="θ₁ (no unit)", xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    handles, names = (left[:2] + right[:1] + left[2:] for left, right in zip(
        path.get_legend_handles_labels(), seeds.get_legend_handles_labels(), strict=True))  # fmt: skip
    made.legend(handles, names, frameon=False, loc="lower center", ncols=5, fontsize=9)
    path.set(ylabel="θ₂ (no unit)", title="one run: spread along the path")
    seeds.set_title("many runs: spread over seeds")
    made.suptitle(title, fontweight="bold")
    shares = [[100 * inside(points, covariance, k) for k, _ in ELLIPSES] for points in (forward, ends)]
    said = [f"{low:.0f} % inside 1 sigma and {high:.0f} % inside 2 sigma" for low, high in shares]
    size = np.linalg.norm(backward.std(axis=0))
    return Picture(
        made,
        f"Two scatter plots of θ₂ against θ₁ with the predicted ellipses. {title}. Left, one run: forward iterates, "
        f"{said[0]}; the backward iterates stay together, spread along the path {size:.1g}. "
        f"Right, backward end points over seeds: {said[1]}.",
    )


def draw_ellipses(ax: Axes, covariance: ArrayLike) -> None:
    """The 1- and 2-sigma ellipses {θ: θᵀ Σ⁻¹ θ = k²} about 0."""
    angle = np.linspace(0, 2 * np.pi, 101)
    circle = np.linalg.cholesky(np.asarray(covariance)) @ [np.cos(angle), np.sin(angle)]
    for sigmas, dashes in ELLIPSES:
        ax.plot(*(sigmas * circle), color="black", linewidth=1.3, linestyle=dashes, label=f"{sigmas} sigma, predicted")


def draw_paths(ax: Axes, forward: np.ndarray, other: np.ndarray, name: str) -> None:
    """Forward iterates as dots, those of another order as a dashed path, its last state marked."""
    ax.plot(*forward.T, marker="o", color=FORWARD["color"], alpha=0.85, label="forward", zorder=3, **DOTS)
    ax.plot(*other.T, marker="s", markersize=4, linewidth=0.8, label=name, **BACKWARD)
    ax.plot(*other[-1], marker="s", markersize=8, color=BACKWARD["color"], markeredgecolor="white", linestyle="none",
            zorder=4)  # fmt: skip


def tails_figure(sample: ArrayLike, index: float, sizes: Sequence[int], *, title: str) -> Picture:
    """The tail of a sample on log-log axes, and its sample variance against the number of seeds.

    Args:
        sample: (seeds,), states at one step, one for each seed.
        index: what theory says of the tail, P(|θ| > t) of order t^-index.
        sizes: how many seeds to take a sample variance of; the sample is cut into as many blocks as fit.
        title: the message of the figure.
    """
    sample = np.asarray(sample)
    made, (tail, variance) = figure(8.0, 3.6, ncols=2)
    heights, t, chance, line, normal = _survival(sample, index)
    tail.plot(heights, chance(heights), label="backward, over seeds", **BACKWARD, linewidth=2)
    tail.plot(t, line, color="black", linewidth=1, label=f"slope -{index:g}, predicted")
    tail.plot(t, normal, label="Gaussian, same quartiles", **STYLES[2], linewidth=1.6)
    tail.set(xscale="log", yscale="log", xlabel="t (unit of θ)", ylabel="chance of |θ| > t", xlim=(1, t[-1]))
    tail.set(ylim=(10 / len(sample), 1.3), title="tail of the law")
    blocks = {size: sample[: len(sample) // size * size].reshape(-1, size).var(axis=1, ddof=1) for size in sizes}
    for size, found in blocks.items():
        variance.plot([size] * len(found[:100]), found[:100], marker="s", color=BACKWARD["color"],
                      label="one block" if size == sizes[0] else None, **DOTS)  # fmt: skip
    medians = [float(np.median(found)) for found in blocks.values()]
    variance.plot(list(sizes), medians, marker="D", color="black", label="median of the blocks")
    variance.set(xscale="log", yscale="log", xlabel="seeds in the block", ylabel="sample variance (unit of θ, squared)")
    variance.set_title("spread over seeds")
    plain_log(tail.xaxis, tail.yaxis, variance.xaxis)
    tail.legend(frameon=False, fontsize=9, loc="upper right")
    variance.legend(frameon=False, fontsize=9, loc="upper left")
    made.suptitle(title, fontweight="bold")
    said = ", ".join(f"{m:.2g} of {size}" for size, m in zip(sizes, medians, strict=True))
    return Picture(
        made,
        f"Left: the chance of |θ| > t falls like t to the power -{index:g} on log-log axes, far above a Gaussian. "
        f"Right: median sample variances over seeds grow with the number of seeds: {said}. {title}.",
    )


def _survival(sample: np.ndarray, index: float) -> tuple[Any, ...]:
    """Where the sample is counted and how, then the predicted power law and a Gaussian on a grid of t."""
    from scipy.stats import norm

    sizes = np.sort(np.abs(sample))
    last = sizes[-11]  # beyond it fewer than ten seeds are left
    middle, quartile = np.median(sample), np.subtract(*np.percentile(sample, [75, 25])) / (2 * norm.ppf(0.75))
    t = np.geomspace(1, last, 200)
    anchor = np.quantile(sizes, 0.99)
    line = 0.01 * (t / anchor) ** -index
    normal = norm.sf(t, middle, quartile) + norm.cdf(-t, middle, quartile)
    return t, t, lambda at: 1 - np.searchsorted(sizes, at, side="right") / len(sizes), line, normal


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
    plane.set(xlabel="θ₁ (no unit)", ylabel="θ₂ (no unit)", title=f"the last {10 * len(points)} steps")
    plane.margins(0.15)
    steps = np.arange(1, len(forward) + 1)
    for states, style, name in ((forward, FORWARD, "forward"), (backward, BACKWARD, "backward")):
        distance.plot(steps, np.linalg.norm(states - limit, axis=1), label=name, linewidth=1.6, **style)
    distance.set(yscale="log", xlabel="step n (batches)", ylabel="distance from backward's limit", title="all steps")
    plane.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    distance.legend(frameon=False, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    made.suptitle(title, fontweight="bold")
    far, near = (float(np.linalg.norm(states[-len(points) :] - limit, axis=1).max()) for states in (forward, backward))
    return Picture(
        made,
        f"Left: in the plane, θ₂ against θ₁, forward runs round {len(points)} points, backward stays at one, and the "
        f"minimiser is elsewhere. Right: the distance from backward's limit; in the last {len(points)} steps at most "
        f"{far:.2g} forward and {near:.1g} backward. {title}.",
    )
