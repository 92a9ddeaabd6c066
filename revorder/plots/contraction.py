"""A figure of contraction: how far a backward path still is from its limit."""

from __future__ import annotations

import numpy as np

from revorder.plots.design import BESIDE
from revorder.plots.looks import STYLES
from revorder.plots.picture import Picture, figure, plain_log
from revorder.theory import a_posteriori_bound, error_bound
from revorder.trajectories.trajectory import Trajectory

PROMISED = "#444444"  # the colour of what is not measured, but promised


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
    made, ax = figure(8.0, 3.9)
    ax.plot(steps, before, color=STYLES[3]["color"], linestyle=(0, (4, 1, 1, 1)), label="a-priori bound")
    ax.plot(steps, error, marker="o", markersize=5, label="true distance |B∞ − Bₙ|", **STYLES[1])
    bottom = min(before.min(), error.min()) / 4
    ax.plot(steps, np.where(after > 0, after, np.nan), "^", color=PROMISED, label="a-posteriori “bound”")
    if (after == 0).any():
        zero = np.where(after == 0, bottom * 1.25, np.nan)
        ax.plot(steps, zero, "v", color=PROMISED, markerfacecolor="white", label="a-posteriori “bound” is 0")
    ax.plot(steps[wrong], error[wrong], "x", color="black", markersize=13, markeredgewidth=2,
            label="a-posteriori violated")  # fmt: skip
    ax.set(xlabel="step n (batches)", ylabel="distance", yscale="log", ylim=(bottom, None))
    ax.xaxis.get_major_locator().set_params(integer=True)
    plain_log(ax.yaxis)
    ax.legend(**BESIDE)
    said = f"Backward: the a-posteriori “bound” is wrong at {wrong.sum()} of {len(steps)} steps"
    made.suptitle(said)
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
