"""Figures of training regimes: the gap of two coupled networks, how single maps stretch, and what other updates do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from revorder.diagnostics.ratios import geometric_interval
from revorder.plots.design import ABOVE
from revorder.plots.labels import entry
from revorder.plots.looks import REFERENCE, band, look
from revorder.plots.picture import Picture, figure, plain_log

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALLEST = 1e-12  # a smaller gap, relative to the start, is rounding


def gaps_figure(
    steps: Sequence[int],
    gaps: Mapping[str, np.ndarray],
    losses: Mapping[str, np.ndarray],
    *,
    title: str,
) -> Picture:
    """The test loss of coupled runs at the left; at the right how the gap of each pair grows or shrinks.

    Args:
        steps: (m,) where both were taken; the first is 0.
        gaps: quantity -> (seeds, m), the gaps over those at step 0. Of several seeds the geometric mean is drawn, with
            its 95 % interval as a band.
        losses: name -> (seeds, m) test losses in nats; of several seeds every line is drawn.
        title: the message of the figure.
    """
    made, (left, right) = figure(8.0, 3.7, fast=True, ncols=2, margins={"top": 0.78})
    for number, (name, rows) in enumerate(losses.items()):
        style = look(4 + number, marked=False) | ({"linestyle": "-", "linewidth": 0.8} if len(rows) > 1 else {})
        lines = left.plot(steps, np.transpose(rows), **style)
        lines[0].set_label(entry(name))
    left.set(ylabel="test loss (nats)")
    right.axhline(1, color=REFERENCE, linewidth=1)
    for number, (name, rows) in enumerate(gaps.items()):
        _band(right, steps, np.where(rows > SMALLEST, rows, np.nan), name, 2 + number)
    right.set(ylabel="gap / gap at step 0")
    for ax in (left, right):
        ax.set_xscale("function", functions=(lambda n: np.sqrt(np.maximum(n, 0)), np.square))
        ax.set(xlabel="step n (square-root axis)", xticks=_ticks(steps[-1]), yscale="log", xlim=(0, steps[-1]))
        plain_log(ax.yaxis)
        ax.legend(ncols=3, **ABOVE)
    made.suptitle(title)
    return Picture(made, f"{title}. {_gaps_alt(steps[-1], gaps, losses)}")


def _ticks(last: int) -> list[int]:
    return [round(last * part) for part in (0, 0.05, 0.2, 0.5, 1)]


def _band(ax: Axes, steps: Sequence[int], rows: np.ndarray, name: str, number: int) -> None:
    style = look(number) | {"markevery": max(1, len(steps) // 12), "markersize": 4}
    if len(rows) == 1:
        ax.plot(steps, rows[0], label=entry(name), **style)
        return
    mean, low, high = geometric_interval(rows)
    band(ax, steps, low, high, number)
    ax.plot(steps, mean, label=entry(name), **style)


def _gaps_alt(last: int, gaps: Mapping[str, np.ndarray], losses: Mapping[str, np.ndarray]) -> str:
    means = {name: np.exp(np.log(rows[:, -1]).mean()) for name, rows in gaps.items()}
    ends = {name: np.mean(rows, axis=0)[[0, -1]] for name, rows in losses.items()}
    fall = ", ".join(f"{name} from {first:.3g} to {end:.3g}" for name, (first, end) in ends.items())
    found = ", ".join(f"of the {name} {mean:.3g} times" for name, mean in means.items())
    pairs = len(next(iter(gaps.values())))
    whose = "of a pair of runs" if pairs == 1 else f"of {pairs} pairs of runs (geometric mean, bands: 95 %)"
    return (
        f"Left: the test loss in nats, {fall}. Right, on a logarithmic axis: the gap {whose} on the same batches; at "
        f"step {last} it is {found} what it was at the start."
    )


def stretch_figure(
    rates: np.ndarray, curves: np.ndarray, lr: float, looks: Sequence[int], factors: np.ndarray, *, title: str
) -> Picture:
    """Local Lipschitz constants of single maps: against the learning rate at one step, and along training at one rate.

    Args:
        rates: (r,) learning rates.
        curves: (seeds, r) constants at the step that is looked at.
        lr: the rate of the right panel, marked in the left one.
        looks: (m,) steps.
        factors: (m, seeds) constants at the rate lr.
        title: the message of the figure.
    """
    made, (left, right) = figure(8.0, 3.6, fast=True, ncols=2, margins={"top": 0.78})
    left.plot(rates, curves.T, color="#803808", linewidth=1)
    left.axvline(lr, color=REFERENCE, linewidth=1, linestyle=":")
    left.set(xlabel="learning rate h", ylabel="local Lipschitz constant", ylim=(0.9, min(4, curves.max() * 1.05)))
    places = np.arange(len(looks))
    for number, seed in enumerate(factors.T):
        label = None if number else "one seed"
        right.plot(places, seed, marker="o", markersize=3, linestyle="none", color="#803808", label=label)
    mean, low, high = geometric_interval(factors.T)
    right.plot(places + 0.25, mean, color="#0072B2", marker="s", markersize=4, label="geometric mean, bars: 95 %")
    right.vlines(places + 0.25, low, high, color="#0072B2", linewidth=1.5)
    right.set(xlabel="step n", ylabel=f"constant at h = {lr:g}", xticks=places[::3], xticklabels=looks[::3])
    right.legend(ncols=2, **ABOVE)
    for ax in (left, right):
        ax.axhline(1, color=REFERENCE, linewidth=1, linestyle="--")
    made.suptitle(title)
    return Picture(made, f"{title}. {_stretch_alt(rates, curves, lr, looks, factors)}")


def _stretch_alt(rates: np.ndarray, curves: np.ndarray, lr: float, looks: Sequence[int], factors: np.ndarray) -> str:
    ranges = [f"{curves[:, i].min():.3f} to {curves[:, i].max():.3f} at h = {rates[i]:.3g}" for i in (0, -1)]
    mean, low, high = geometric_interval(factors.T)
    ends = [
        f"{factors[i].min():.3f} to {factors[i].max():.3f} at step {looks[i]}, with geometric mean {mean[i]:.3f} "
        f"(bars: 95 %, {low[i]:.3f} to {high[i]:.3f})"
        for i in (0, -1)
    ]
    return (
        f"Left: the local Lipschitz constant of each of {len(curves)} seeds against the learning rate h, "
        f"{' and '.join(ranges)}. Right: the constant at h = {lr:g} against the step n, {'; '.join(ends)}. "
        f"None is below {min(curves.min(), factors.min()):.3f}."
    )


def ratios_figure(spreads: Mapping[str, Mapping[str, Sequence[float]]], *, title: str, quantity: str) -> Picture:
    """Backward's spread along the path divided by forward's: one mark for each seed, and the interval of their mean.

    Args:
        spreads: setting -> order ("forward" and "backward") -> one spread along the path for each seed, > 0.
        title: the message of the figure.
        quantity: what the ratio is of.
    """
    ratios = {name: np.divide(orders["backward"], orders["forward"]) for name, orders in spreads.items()}
    made, ax = figure(8.0, 1.3 + 0.5 * len(ratios))
    for row, values in enumerate(ratios.values()):
        ax.scatter(values, [row] * len(values), marker=look(row)["marker"], s=36, color="#333333", facecolor="none",
                   linewidth=1.2)  # fmt: skip
        mean, low, high = geometric_interval(values)
        ax.plot([low, high], [row + 0.3] * 2, color="#0072B2", linewidth=3, solid_capstyle="butt")
        ax.plot([mean], [row + 0.3], color="#0072B2", marker="|", markersize=11)
    ax.axvline(1, color="#333333", linewidth=1.2)
    ax.set(yticks=range(len(ratios)), yticklabels=list(ratios), xscale="log",
           xlabel=f"{quantity}: backward / forward, one mark per seed; bars: 95 %")  # fmt: skip
    every = np.concatenate(list(ratios.values()))
    ax.set_xlim(min(0.2, every.min() / 1.3), max(2, every.max() * 1.3))
    ax.set_ylim(len(ratios) - 0.4, -0.5)
    plain_log(ax.xaxis)
    made.suptitle(title)
    return Picture(made, f"Dot plot of backward's {quantity} divided by forward's. {title}. {_ratios_alt(ratios)}.")


def _ratios_alt(ratios: Mapping[str, np.ndarray]) -> str:
    said = []
    for name, values in ratios.items():
        mean, low, high = geometric_interval(values)
        below = f"below 1 at {(values < 1).sum()} of {len(values)} seeds"
        said.append(f"{name} {mean:.2f} (95 %: {low:.2f} to {high:.2f}), {below}")
    return "; ".join(said)
