"""Figures of many runs in a noisy bowl."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from revorder.plots.looks import looks
from revorder.plots.picture import Picture, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REACH, TOP = 3.0, 6.0  # of the planes, and of the variance


def bowl_figure(
    ends: Mapping[str, ArrayLike],
    hessian: ArrayLike,
    covariance: ArrayLike,
    lr: float,
    curves: tuple[ArrayLike, ArrayLike, ArrayLike],
) -> Picture:
    """Where many runs end in one or two orders, with the 2-sigma ellipse, and the stationary variance against h.

    Args:
        ends: order -> states (seeds, 2) at one step.
        hessian: (2, 2), of the loss, whose level lines are drawn.
        covariance: (2, 2), what theory predicts; NaN if it predicts none.
        lr: the learning rate of the runs.
        curves: learning rates, the trace of the stationary covariance at each, and that of its limit for small rates.
    """
    made, axes = figure(9.2, 3.3, ncols=len(ends) + 1)
    mean = {}
    for ax, (order, style) in zip(axes, looks(list(ends)).items(), strict=False):
        states = np.asarray(ends[order])
        _ground(ax, np.asarray(hessian), np.asarray(covariance))
        ax.plot(*states.T, style["marker"], color=style["color"], markersize=2.5, markeredgewidth=0, alpha=0.7)
        ax.set(title=order, xlabel="θ₁", ylabel="θ₂", aspect="equal", xlim=(-REACH, REACH), ylim=(-REACH, REACH))
        mean[order] = float(np.square(states).sum(axis=1).mean())
        axes[-1].plot(lr, mean[order], style["marker"], color=style["color"], zorder=3, label=f"{order}, measured")
    rates, exact, small = curves
    axes[-1].plot(rates, exact, color="black", label="exact")
    axes[-1].plot(rates, small, "--", color="0.4", label="small h")
    axes[-1].set(xlabel="learning rate h", title="stationary variance tr Σ", xlim=(0, 2.4), ylim=(0, TOP))
    axes[-1].legend(loc="upper left")
    said = ", ".join(f"{order} {value:.2g}" for order, value in mean.items())
    title = "Both clouds fill the same ellipse" if lr < 2 else "From h = 2/L on nothing is stationary"
    made.suptitle(title)
    return Picture(
        made,
        f"The ends of {len(states)} runs in a noisy bowl at h = {lr:g}, one cloud of dots for each order, and the "
        f"variance against h. {title}. Mean squared distance from the minimum: {said}.",
    )


def _ground(ax: Axes, hessian: np.ndarray, covariance: np.ndarray) -> None:
    """Level lines of the loss, and the ellipse that holds 86 % of a Gaussian with this covariance."""
    grid = np.linspace(-REACH, REACH, 81)
    x, y = np.meshgrid(grid, grid)
    loss = hessian[0, 0] * x**2 + 2 * hessian[0, 1] * x * y + hessian[1, 1] * y**2
    ax.contour(x, y, np.sqrt(loss), levels=7, colors="0.88", linewidths=1)
    if np.isfinite(covariance).all():
        angle = np.linspace(0, 2 * np.pi, 101)
        ax.plot(*(2 * np.linalg.cholesky(covariance) @ [np.cos(angle), np.sin(angle)]), color="black", linewidth=1.4)
