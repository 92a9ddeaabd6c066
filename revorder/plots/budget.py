"""Figures of methods at an equal budget: a metric against evaluations of T, and methods side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from revorder.plots.labels import with_unit
from revorder.plots.looks import BROWN, REFERENCE, STYLES, Style
from revorder.plots.picture import Picture, figure, plain_log

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axis import Axis

FORWARD, BACKWARD, GREEN, PINK = STYLES
BROWN_LINE: Style = {"color": BROWN, "linestyle": (0, (7, 1, 1, 1, 1, 1))}
GREY: Style = {"color": "#444444", "linestyle": (0, (2, 1))}
# at most six lines share a panel; a colour comes back only with another marker, and in the other panel
LOOKS: dict[str, Style] = {
    "forward": {**FORWARD, "marker": "o"},
    "backward": {**BACKWARD, "marker": "s"},
    "window": {**GREEN, "marker": "^"},
    "blocks": {**PINK, "marker": "D"},
    "Lookahead": {**BROWN_LINE, "marker": "v"},
    "5x batches": {**GREY, "marker": "X"},
    "EMA": {**GREEN, "marker": "P"},
    "SWA": {**PINK, "marker": "<"},
    "LAWA": {**GREY, "marker": ">"},
    "schedule-free": {**BROWN_LINE, "marker": "*"},
    "decay": {"color": "#000000", "linestyle": "-", "marker": "h"},
}


def budget_figure(
    frame: pd.DataFrame, metric: str, panels: Mapping[str, Sequence[str]], *, label: str, title: str, least: int = 0
) -> Picture:
    """The mean of a metric over seeds against evaluations of T, one line for each method.

    Args:
        frame: as `experiments.budget.compare` returns.
        metric: one of its metrics, drawn on a logarithmic axis.
        panels: heading of a panel -> the methods in it; at most two panels, six methods each.
        label: of the metric's axis, with unit.
        title: the message of the figure.
        least: evaluations from which on the panels begin.
    """
    made, axes = figure(8.0, 3.8, fast=True, ncols=len(panels), sharey=True, squeeze=False,
                        margins={"bottom": 1.1, "columns": 0.3})  # fmt: skip
    shown = frame[(frame["metric"] == metric) & (frame["evaluations"] >= least)]
    means = shown.groupby(["method", "evaluations"])["value"].mean()
    for ax, (heading, names) in zip(axes[0], panels.items(), strict=True):
        for name in names:
            line = means[name]
            ax.plot(line.index, line, linewidth=1.6, markersize=5, markevery=(0.1, 0.18), label=name, **LOOKS[name])
        ax.set(xlabel="evaluations of T for the model", yscale="log")
        ax.set_title(heading)
        ax.legend(
            ncols=3,
            fontsize=8.5,
            columnspacing=1.2,
            loc="upper center",
            bbox_to_anchor=(0.5, -0.22),
            handlelength=3,
        )
    axes[0, 0].set_ylabel(label)
    _close_log(axes[0, 0].yaxis)
    made.suptitle(title)
    drawn = dict.fromkeys(name for names in panels.values() for name in names)
    said = ", ".join(f"{name} {means[name].iloc[-1]:.3g}" for name in drawn)
    return Picture(made, f"{label} against evaluations of T, mean over seeds. {title}. At the end: {said}.")


def methods_figure(frame: pd.DataFrame, metric: str, names: Sequence[str], *, unit: str, title: str) -> Picture:
    """Methods side by side: at the left the metric at the last checkpoint, at the right its spread along the path.

    The path is the last quarter of the checkpoints. One mark for each seed; the vertical stroke is the mean over seeds.

    Args:
        frame: as `experiments.budget.compare` returns.
        metric, unit: what is compared, on logarithmic axes.
        names: the methods, from top to bottom.
        title: the message of the figure.
    """
    height = 1.75 + 0.27 * len(names)
    made, (final, spread) = figure(8.0, height, fast=True, ncols=2, sharey=True,
                                   margins={"left": 1.15, "columns": 0.3, "top": 0.75})  # fmt: skip
    wide = frame[frame["metric"] == metric].pivot_table("value", ["method", "evaluations"], "seed")
    said = []
    for row, name in enumerate(names):
        path = wide.loc[name]
        tail = path[path.index > 0.75 * path.index[-1]].to_numpy()
        both = tail[-1], tail.std(axis=0)
        for ax, values in zip((final, spread), both, strict=True):
            look = {"color": LOOKS[name]["color"], "marker": LOOKS[name]["marker"]}
            ax.plot(values, [row] * len(values), linestyle="none", markersize=6, **look)
            ax.plot([values.mean()] * 2, [row - 0.32, row + 0.32], color="black", linewidth=2)
        said.append(f"{name} {both[0].mean():.3f} and {both[1].mean():.4f}")
    for ax, what in ((final, with_unit(f"final {metric}", unit)), (spread, with_unit("spread along the path", unit))):
        ax.set(xlabel=what, xscale="log")
        _close_log(ax.xaxis)
    final.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
    final.set_title("marks: seeds; strokes: mean over seeds")
    made.suptitle(title)
    what = with_unit(f"final {metric} and its spread along the path", unit)
    means = "; ".join(said)
    return Picture(made, f"Dot plot, one mark for each seed: {what}. {title}. Means over seeds: {means}.")


def pair_figure(
    evaluations: Sequence[int],
    paths: Mapping[str, np.ndarray],
    errors: Mapping[str, tuple[np.ndarray, np.ndarray]],
    *,
    label: str,
    title: str,
    best: float = 0.5,
) -> Picture:
    """Two methods on one number: one run at the left, the mean square error over seeds at the right.

    Args:
        evaluations: of the model, at each of k checkpoints.
        paths: method -> (k,) what one run shows.
        errors: method -> (simulated, exact) mean square errors, each (k,).
        label: of the left axis.
        title: the message of the figure.
        best: the value that the minimiser has on the left axis.
    """
    made, (left, right) = figure(8.0, 3.4, fast=True, ncols=2, margins={"columns": 0.85})
    left.axhline(best, color=REFERENCE, linewidth=0.8)
    for name, path in paths.items():
        line = {key: LOOKS[name][key] for key in ("color", "linestyle")}
        simulated, exact = errors[name]
        left.plot(evaluations, path, linewidth=1.6, **line)
        right.plot(evaluations, exact, linewidth=1.6, **line)
        right.plot(evaluations[4::5], simulated[4::5], linestyle="none", markersize=6, marker=LOOKS[name]["marker"],
                   color=line["color"])  # fmt: skip
        right.plot([], [], linewidth=1.6, markersize=6, label=name, **LOOKS[name])
    ticks = [0, evaluations[-1] // 2, evaluations[-1]]
    left.set(xlabel="evaluations of T for the model", ylabel=label, ylim=(0, 1), xticks=ticks, yticks=[0, 0.5, 1])
    right.set(xlabel="evaluations of T for the model", ylabel="mean square error over seeds", xticks=ticks)
    left.set_title("one run")
    right.set_title("marks: simulated; lines: exact")
    right.set(yscale="log", ylim=(1e-4, 3))  # room for the legend; fixed, so that pictures can be compared
    plain_log(right.yaxis)
    right.legend(loc="upper right", handlelength=3, ncols=2)
    made.suptitle(title)
    ends = ", ".join(f"{name} {simulated[-1]:.2g} ({exact[-1]:.2g})" for name, (simulated, exact) in errors.items())
    return Picture(made, f"Left: {label} of one run against evaluations of T. Right: mean square error over seeds, "
                         f"simulated (and exact) at the end: {ends}. {title}.")  # fmt: skip


def _close_log(axis: Axis) -> None:
    """Ticks in plain numbers where a logarithmic axis spans about one power of ten."""
    from matplotlib.ticker import LogLocator

    plain_log(axis)
    low, high = axis.get_view_interval()
    if high < 12 * low:
        axis.set_major_locator(LogLocator(subs=(1, 1.5, 2, 3, 4, 6, 8) if high < 4 * low else (1, 1.5, 2, 3, 5, 7)))
