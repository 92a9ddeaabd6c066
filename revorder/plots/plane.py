"""Figures of two parameters: the states in the plane, and one of them along the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from revorder.plots.looks import looks
from revorder.plots.picture import Picture, figure


def plane_figure(paths: Mapping[str, ArrayLike], best: Sequence[float]) -> Picture:
    """Runs of the same batches in several orders: at the left both parameters, at the right the first against n.

    Args:
        paths: order -> states (n + 1, 2), from the start on.
        best: two numbers, the minimiser of the loss over all examples.
    """
    made, (plane, time) = figure(8.4, 3.5, ncols=2, width_ratios=[1, 1.3])
    for name, style in looks(list(paths)).items():
        states = np.asarray(paths[name], dtype=float)
        plane.plot(*states.T, **{**style, "linestyle": "-", "linewidth": 0.8, "markersize": 2.5, "alpha": 0.8})
        time.plot(states[:, 0], **{**style, "marker": None, "label": name})
    plane.plot(*best, "+", color="black", markersize=11, markeredgewidth=2)
    plane.set(xlabel="θ₁", ylabel="θ₂", title="both parameters; + least squares", aspect="equal")
    time.set(xlabel="step n (batches)", ylabel="θ₁", title="the first one, batch after batch")
    time.legend(title="composition order")
    spreads = {name: np.asarray(path, dtype=float)[-20:].std(axis=0).max() for name, path in paths.items()}
    said = ", ".join(f"{name} {spread:.2g}" for name, spread in spreads.items())
    made.suptitle(f"Spread over the last 20 steps: {said}")
    return Picture(made, "Two parameters of a linear regression along SGD, in the plane and the first of them against "
                         f"the step. Spread over the last 20 steps: {said}.")  # fmt: skip
