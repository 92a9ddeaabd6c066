"""Figures of training regimes: where two coupled networks come together, and what other updates change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from revorder.plots.design import ABOVE
from revorder.plots.labels import entry, labels_of
from revorder.plots.looks import PALETTE, REFERENCE, look, looks
from revorder.plots.picture import Picture, figure, plain_log
from revorder.trajectories.trajectory import Trajectory

SMALLEST = 1e-12  # a smaller gap, relative to the start, is rounding


def regime_figure(
    runs: Sequence[Trajectory],
    steps: Sequence[int],
    parameters: np.ndarray,
    predictions: np.ndarray,
    *,
    title: str,
    order: str = "forward",
) -> Picture:
    """The test loss of some orders at the left; at the right how the gap of two coupled runs grows or shrinks.

    Args:
        runs: runs with the metric "test loss", at the same checkpoints; one line each, named by its order and what
            else tells it apart.
        steps: (m,) steps at which the gaps were taken; the first is 0.
        parameters, predictions: (m,) gaps of parameters and of predicted probabilities; drawn relative to step 0.
        title: the message of the figure.
        order: of the two coupled runs.
    """
    named = dict(zip(labels_of(runs, argument="runs"), runs, strict=True))
    more = 0.19 * ((len(named) - 1) // 2)  # inches of further rows of the legend
    made, (left, right) = figure(8.0, 3.7 + more, fast=True, ncols=2, margins={"top": 0.78 + more})
    for name, style in looks(list(named)).items():
        left.plot(named[name].steps, named[name].metrics["test loss"], markersize=3.5, label=entry(name), **style)
    left.set(xlabel="step n (batches)", ylabel="test loss (nats)")
    grown = {"parameters": parameters / parameters[0], "predictions": predictions / predictions[0]}
    for (name, values), style in zip(grown.items(), PALETTE[2:4], strict=True):
        right.plot(steps, np.where(values > SMALLEST, values, np.nan), markersize=4, label=name, **style)
    right.axhline(1, color=REFERENCE, linewidth=1)
    right.set(xlabel="step n (batches)", ylabel="gap / gap at step 0")
    for ax in (left, right):
        ax.locator_params(axis="x", nbins=5)
        ax.set_yscale("log")
        plain_log(ax.yaxis)
        ax.yaxis.get_major_locator().numticks = 6
        ax.legend(ncols=2, **ABOVE)
    made.suptitle(title)
    return Picture(made, _regime_alt(title, named, order, steps[-1], grown))


def _regime_alt(
    title: str, runs: Mapping[str, Trajectory], order: str, last: int, grown: Mapping[str, np.ndarray]
) -> str:
    ends = {name: run.metrics["test loss"][[0, -1]] for name, run in runs.items()}
    losses = ", ".join(f"{name} from {first:.3g} to {end:.3g}" for name, (first, end) in ends.items())
    gaps = ", ".join(f"of {name} {values[-1]:.3g} times" for name, values in grown.items())
    return (
        f"{title}. Left: the test loss in nats, {losses}. Right, on a logarithmic axis: the gap between two {order} "
        f"runs on the same batches; at step {last} it is {gaps} what it was at the start."
    )


def momentum_figure(
    spreads: Mapping[str, Mapping[str, Sequence[float]]], *, title: str, quantity: str = "spread along the path"
) -> Picture:
    """Backward's spread along the path divided by forward's, for several updates: one mark for each seed.

    Args:
        spreads: update -> order ("forward" and "backward") -> one spread along the path for each seed, > 0.
        title: the message of the figure.
        quantity: what the ratio is of.
    """
    ratios = {name: np.divide(orders["backward"], orders["forward"]) for name, orders in spreads.items()}
    made, ax = figure(8.0, 1.3 + 0.5 * len(ratios))
    for row, values in enumerate(ratios.values()):
        ax.scatter(values, [row] * len(values), marker=look(row)["marker"], s=44, color="#333333", facecolor="none",
                   linewidth=1.5)  # fmt: skip
    ax.axvline(1, color="#333333", linewidth=1.2)
    ax.set(yticks=range(len(ratios)), yticklabels=list(ratios), xscale="log",
           xlabel=f"{quantity}: backward / forward, one mark per seed")  # fmt: skip
    every = np.concatenate(list(ratios.values()))
    ax.set_xlim(min(0.2, every.min() / 1.3), max(2, every.max() * 1.3))
    ax.set_ylim(len(ratios) - 0.5, -0.5)
    plain_log(ax.xaxis)
    made.suptitle(title)
    said = "; ".join(
        f"{name} {values.min():.2f} to {values.max():.2f}, below 1 at {(values < 1).sum()} of {len(values)} seeds"
        for name, values in ratios.items()
    )
    return Picture(made, f"Dot plot of backward's {quantity} divided by forward's. {title}. {said}.")
