"""Figures of paths: a metric along the steps of one run, or of many seeds with a band, order by order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np

from revorder.errors import whole
from revorder.plots.design import BESIDE
from revorder.plots.groups import BANDS, Group, Runs, check_metric, groups_of
from revorder.plots.labels import entry, labels_of, with_unit
from revorder.plots.looks import REFERENCE, dot, looks, numbers
from revorder.plots.looks import band as draw_band
from revorder.plots.picture import Picture, figure, plain_log

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEW, SOME = 4, 8  # so many runs are named inside the axes, and have their spreads in the title
WIDE = 84  # characters of a title in one line


def paths_figure(
    runs: Sequence[Runs],
    metric: str,
    *,
    unit: str = "",
    title: str | None = None,
    last: int = 50,
    log: bool = False,
    trend: bool = False,
    epoch: int | None = None,
    labels: Sequence[str] | None = None,
    band: str = "interval",
    fast: bool = False,
) -> Picture:
    """A metric along the path of several runs: the whole path at the left, its last checkpoints at the right.

    Args:
        runs: with this metric, at checkpoints in ascending order; one line each. A `SeedRuns`, or a list of runs of one
            order, one for each seed, is a line through their means, with a band; its spread is the mean of theirs. A
            `SeedRuns` of one seed is a run.
        metric: a key of `Trajectory.metrics`.
        unit: of the metric, for the axis label.
        title: the message of the figure; default: the spread along the path of each run.
        last: how many checkpoints the right panel shows; the spread is the standard deviation over them.
        log: whether the left panel's metric axis is logarithmic.
        trend: whether the spread is taken about a straight line through the last checkpoints; for runs that still
            fall as a whole.
        epoch: batches in an epoch; whole epochs are marked, since reshuffled batches give both orders the same law
            only there.
        labels: one text for each line, all different; default: their orders, and what tells runs of one order apart.
        band: of many seeds: "interval" is the 95 % interval of their mean (Student's), "deviation" one standard
            deviation to each side, "range" from the smallest to the largest of them.
        fast: for widgets: up to 4 lines without a band in fixed margins instead of a solver's layout, which takes most
            of the time.

    Raises:
        ValueError: no run, one without this metric or without checkpoints, labels that do not name every line once, an
            unknown band, a list of fewer than two seeds, `last` < 1, `epoch` < 0, or with `log` nothing above 0.
        TypeError: labels that are no texts, what is no run, or a `last` or `epoch` that is no integer.
    """
    if band not in BANDS:
        raise ValueError(f"band: got {band!r}, but it must be one of {', '.join(BANDS)}")
    whole("last", last, 1)
    if epoch is not None:
        whole("epoch", epoch, 0)
    groups = groups_of(runs)
    named = dict(zip(labels_of(groups, labels), groups, strict=True))
    check_metric(groups, metric, log)
    means = _means(groups, band)
    quick = fast and len(named) <= FEW and not means
    made, (whole_path, end) = figure(8.0, 3.5, fast=quick, ncols=2, width_ratios=[3, 2])
    label = with_unit(metric, unit)
    spreads = {name: group.spread(metric, last, trend) for name, group in named.items()}
    for name, style in looks(list(named), marked=False).items():
        steps, values = named[name].steps, named[name].values(metric).mean(axis=0)
        whole_path.plot(steps, values, label=entry(name), linewidth=1.6, **style)
        end.plot(steps[-last:], values[-last:], linewidth=1.6, **style)
    _draw_bands((whole_path, end), named, metric, band, last)
    whole_path.set(
        xlabel="step n (batches)", ylabel=label, title="the whole path" + ("; dotted: whole epochs" if epoch else "")
    )
    if log:
        whole_path.set_yscale("log")
        _cut(whole_path, groups, metric)
        plain_log(whole_path.yaxis)
    _name_lines(made, whole_path, list(named), "" if labels else "composition order", means)
    shown = max(len(group.steps[-last:]) for group in groups)
    end.set(xlabel="step n (batches)", title=f"the last {shown} checkpoints")
    _mark_epochs((whole_path, end), epoch)
    measured = ", ".join(f"{name} {spread:.2g}" for name, spread in spreads.items())
    kind = f"Spread {'about the trend' if trend else 'along the path'}{', mean over seeds' if means else ''}"
    said = f"{kind}: {measured}"
    heading = title or fill(said if len(named) <= SOME else f"{kind}: {_ends(spreads)}", WIDE)
    made.set_figheight(made.get_figheight() + 0.2 * heading.count("\n"))
    made.suptitle(heading)
    message = f"{title}. {said}" if title else said
    return Picture(made, f"Line plot of {label} against the step{f', {means}' if means else ''}. {message}.")


def _draw_bands(axes: tuple[Axes, Axes], named: Mapping[str, Group], metric: str, band: str, last: int) -> None:
    """Over the whole path, and over its last checkpoints."""
    for name, number in numbers(list(named)).items():
        if named[name].several:
            steps, (low, high) = named[name].steps, named[name].edges(metric, band)
            for ax, shown in zip(axes, (slice(None), slice(-last, None)), strict=True):
                draw_band(ax, steps[shown], low[shown], high[shown], number)


def _means(groups: Sequence[Group], band: str) -> str:
    """What lines and bands are, where there are any."""
    counts = sorted({len(group.runs) for group in groups if group.several})
    over = " to ".join(map(str, {counts[0]: 0, counts[-1]: 0})) if counts else ""
    return f"mean over {over} seeds; band: {BANDS[band]}" if counts else ""


def _cut(ax: Axes, groups: Sequence[Group], metric: str) -> None:
    """A band may reach down to 0, which is nowhere on a logarithmic axis: it is cut near the smallest of all seeds."""
    values = np.concatenate([group.values(metric).ravel() for group in groups])
    positive = values[np.isfinite(values) & (values > 0)]
    if len(positive) and any(group.several for group in groups):
        ax.set_ylim(bottom=positive.min() / 1.15)


def _mark_epochs(axes: Sequence[Axes], epoch: int | None) -> None:
    """Dotted lines at whole epochs, where steps are shown."""
    for ax in axes if epoch else ():
        low, high = ax.dataLim.intervalx
        for n in np.arange(epoch or 1, high + 1, epoch):
            if n >= low:
                ax.axvline(n, color=REFERENCE, linewidth=0.8, linestyle=":", zorder=0.5)


def _ends(spreads: Mapping[str, float]) -> str:
    """The smallest and the largest one."""
    known = {name: spread for name, spread in spreads.items() if np.isfinite(spread)} or spreads
    found = (min(known, key=known.__getitem__), max(known, key=known.__getitem__))
    return " to ".join(f"{name} {known[name]:.2g}" for name in found)


def _name_lines(made: Figure, ax: Axes, names: Sequence[str], title: str, means: str) -> None:
    """A legend inside the axes; for many lines, or bands, below all axes, in a figure made higher for it."""
    if len(names) <= FEW and not means:
        ax.legend(title=title or None)
        return
    columns = max(1, int(made.get_figwidth() / (0.65 + 0.075 * max(map(len, names)))))  # inches
    made.set_figheight(made.get_figheight() + 0.3 + 0.21 * ceil(len(names) / columns))
    title = "; ".join(filter(None, [title, means]))
    made.legend(*ax.get_legend_handles_labels(), title=title or None, loc="outside lower center", ncols=columns)


def spread_figure(spreads: Mapping[str, Mapping[str, Sequence[float]]], *, title: str, quantity: str) -> Picture:
    """Spread along the path of several settings: one point for each seed, orders side by side.

    Args:
        spreads: setting -> order -> one spread along the path for each seed. A setting may lack orders.
        title: the message of the figure.
        quantity: axis label with unit, such as "spread of the test loss along the path (nats)".
    """
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    orders = list(dict.fromkeys(name for by_order in spreads.values() for name in by_order))
    made, ax = figure(8.0, 1.2 + max(0.9, 0.15 * len(orders)) * len(spreads))
    found = numbers(orders)
    for row_of, name in enumerate(orders):
        height = 0.72 * (row_of - (len(orders) - 1) / 2) / max(3, len(orders))  # of 1 from setting to setting
        points = [(x, row + height) for row, of in enumerate(spreads.values()) for x in of.get(name, ())]
        ax.scatter(*np.reshape(points, (-1, 2)).T, s=42, label=entry(name), **dot(found[name]))
    ax.set(yticks=range(len(spreads)), yticklabels=list(spreads), xlabel=quantity, xscale="log")
    ax.set_ylim(len(spreads) - 0.5, -0.5)
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.legend(title="one mark per seed", **BESIDE)
    made.suptitle(title)
    said = "; ".join(
        f"{setting}: " + ", ".join(f"{name} {np.mean(values):.2g} on average" for name, values in by_order.items())
        for setting, by_order in spreads.items()
    )
    return Picture(made, f"Dot plot of {quantity}. {title}. {said}.")
