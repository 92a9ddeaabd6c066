"""Figures of experiments: every order with all its seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from revorder.errors import whole
from revorder.plots.groups import check_has
from revorder.plots.labels import entry, with_unit
from revorder.plots.looks import REFERENCE, look, looks, numbers
from revorder.plots.picture import Picture, figure, plain_log
from revorder.trajectories.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 12  # so few checkpoints are marked, each


def experiment_paths_figure(
    runs: Mapping[str, Sequence[Trajectory]], metric: str, *, unit: str = "", tail: int, title: str | None = None
) -> Picture:
    """A metric along the paths of all orders and seeds: whole at the left, the last checkpoints at the right.

    Args:
        runs: order -> its runs, one thin line for each. Runs of one order share their checkpoints.
        metric: a key of `Trajectory.metrics`.
        unit: of the metric, for the axis label.
        tail: how many checkpoints the right panel shows, at least one.
        title: the message of the figure.

    Raises:
        ValueError: a run without this metric, or without checkpoints; `tail` is below 1.
    """
    whole("tail", tail, 1)
    for name, seeds in runs.items():
        for seed, run in enumerate(seeds):
            check_has(run, metric, f"runs[{name!r}][{seed}]")
    made, (whole_path, end) = figure(8.0, 3.8, ncols=2, width_ratios=[3, 2])
    found = numbers(list(runs))
    for name, seeds in runs.items():
        for seed, run in enumerate(seeds):
            style = look(found[name], marked=len(run.steps) <= FEW)
            first = None if seed else entry(name)
            whole_path.plot(run.steps, run.metrics[metric], linewidth=0.9, label=first, **style)
            end.plot(run.steps[-tail:], run.metrics[metric][-tail:], linewidth=0.9, **style)
    label = with_unit(metric, unit)
    whole_path.set(xlabel="step n (batches)", ylabel=label, title="the whole path")
    _make_readable(whole_path, runs, metric)
    shown = len(next(iter(runs.values()))[0].steps[-tail:])
    end.set(xlabel="step n (batches)", title=f"the last {shown} checkpoints")
    for line in whole_path.legend(title="composition order").get_lines():
        line.set_linewidth(1.8)
    made.suptitle(title or f"{metric}, one thin line for each seed")
    ends = {name: [run.metrics[metric][-1] for run in seeds] for name, seeds in runs.items()}
    means = ", ".join(f"{name} {np.mean(end):.3g} (seeds: {len(end)})" for name, end in ends.items())
    lines = f"Line plot of {label} against the step, one thin line for each seed"
    return Picture(made, f"{lines}. {f'{title}. ' if title else ''}Mean at the end: {means}.")


def experiment_spreads_figure(
    spreads: Mapping[str, Mapping[int, float]], *, quantity: str, title: str | None = None
) -> Picture:
    """One dot for each order and seed; dots of the same seed, which saw the same batches, are joined.

    Args:
        spreads: order -> seed -> spread; all finite.
        quantity: axis label with unit, such as "spread of the test loss along the path (nats)".
        title: the message of the figure.
    """
    made, ax = figure(8.0, 1.5 + 0.45 * len(spreads))
    names = list(spreads)
    styles = looks(names)
    for seed in sorted({seed for by_seed in spreads.values() for seed in by_seed}):
        rows = [row for row, name in enumerate(names) if seed in spreads[name]]
        ax.plot([spreads[names[row]][seed] for row in rows], rows, color=REFERENCE, linewidth=0.6, zorder=1)
    for row, name in enumerate(names):
        values, style = list(spreads[name].values()), styles[name]
        ax.scatter(values, [row] * len(values), color=style["color"], marker=style["marker"], s=40, zorder=2)
    ax.set(yticks=range(len(names)), yticklabels=names, xlabel=quantity)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlim(left=0)
    made.suptitle(title or "One dot per seed; lines join dots of one seed")
    said = ", ".join(f"{name} {np.mean(list(by_seed.values())):.2g} on average" for name, by_seed in spreads.items())
    dots = f"Dot plot of {quantity}, one dot for each order and seed"
    return Picture(made, f"{dots}; lines join dots of one seed. {f'{title}. ' if title else ''}{said}.")


def _make_readable(ax: Axes, runs: Mapping[str, Sequence[Trajectory]], metric: str) -> None:
    """A logarithmic axis where the metric falls far, so that its end is not flat."""
    values = np.concatenate([run.metrics[metric] for seeds in runs.values() for run in seeds])
    if values.min() > 0 and values.max() > 4 * values.min():
        ax.set_yscale("log")
        plain_log(ax.yaxis)
