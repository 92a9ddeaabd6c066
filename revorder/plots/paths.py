"""Figures of paths: a metric along the steps of one run, order by order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from revorder.diagnostics.spreads import spread_along_path
from revorder.plots.picture import Picture, figure
from revorder.trajectories.trajectory import Trajectory

Style = dict[str, Any]  # keyword arguments of matplotlib's `plot`

# Okabe and Ito's palette, told apart by colour-blind readers; every line also has a dash pattern of its own.
# Its light colours are left out: a line needs a contrast of 3:1 with white (WCAG 1.4.11). Brown and purple are ours.
STYLES: list[Style] = [
    {"color": "#D55E00", "linestyle": "-"},
    {"color": "#0072B2", "linestyle": (0, (5, 1.5))},
    {"color": "#009E73", "linestyle": (0, (1, 1))},
    {"color": "#CC79A7", "linestyle": (0, (4, 1, 1, 1))},
]
BROWN, PURPLE = "#803808", "#600068"
REFERENCE = "0.35"  # lines to compare with; dark enough for everyone to tell from the palette


def wide_line(colour: str = REFERENCE, filling: str = "0.9", width: float = 5.0) -> Style:
    """A wide light line between two thin dark ones: it stands out from white, and what is drawn on it from it.

    Args:
        colour: of the thin lines.
        width: in points, of all together.
    """
    from matplotlib.patheffects import Normal, Stroke

    outline = [Stroke(linewidth=width, foreground=colour), Normal()]
    return {"color": filling, "linewidth": width - 1.6, "path_effects": outline}


def paths_figure(
    trajectories: Sequence[Trajectory],
    metric: str,
    *,
    unit: str = "",
    title: str | None = None,
    last: int = 50,
    log: bool = False,
    trend: bool = False,
) -> Picture:
    """A metric along the path of several runs: the whole path at the left, its last checkpoints at the right.

    Args:
        trajectories: runs with this metric, at checkpoints in ascending order; one line each, named by its order.
        metric: a key of `Trajectory.metrics`.
        unit: of the metric, for the axis label.
        title: the message of the figure; default: the spread along the path of each run.
        last: how many checkpoints the right panel shows; the spread is the standard deviation over them.
        log: whether the left panel's metric axis is logarithmic.
        trend: whether the spread is taken about a straight line through the last checkpoints; for runs that still
            fall as a whole.
    """
    made, (whole_path, end) = figure(8.0, 3.2, ncols=2, width_ratios=[3, 2])
    label = f"{metric} ({unit})" if unit else metric
    spreads = {run.order: spread_along_path(run, metric, last, trend=trend) for run in trajectories}
    for run, style in zip(trajectories, STYLES, strict=False):
        whole_path.plot(run.steps, run.metrics[metric], label=run.order, linewidth=1.4, **style)
        end.plot(run.steps[-last:], run.metrics[metric][-last:], linewidth=1.6, **style)
    whole_path.set(xlabel="step n (batches)", ylabel=label)
    whole_path.set_yscale("log" if log else "linear")
    whole_path.legend(title="composition order", frameon=False)
    end.set(xlabel="step n (batches)", title=f"the last {len(trajectories[0].steps[-last:])} checkpoints")
    measured = ", ".join(f"{order} {spread:.2g}" for order, spread in spreads.items())
    said = f"Spread {'about the trend' if trend else 'along the path'}: {measured}"
    made.suptitle(title or said, fontweight="bold")
    message = f"{title}. {said}" if title else said
    return Picture(made, f"Line plot of {label} against the step. {message}.")


def spread_figure(spreads: Mapping[str, Mapping[str, Sequence[float]]], *, title: str, quantity: str) -> Picture:
    """Spread along the path of several settings: one point for each seed, orders side by side.

    Args:
        spreads: setting -> order -> one spread along the path for each seed.
        title: the message of the figure.
        quantity: axis label with unit, such as "spread of the test loss along the path (nats)".
    """
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    made, ax = figure(7.0, 1.2 + 0.9 * len(spreads))
    orders = list(next(iter(spreads.values())))
    for row, by_order in enumerate(spreads.values()):
        for shift, (name, values) in enumerate(by_order.items()):
            height = row + 0.3 * (shift - (len(orders) - 1) / 2)
            marker = "os^D"[shift]
            ax.scatter(values, [height] * len(values), color=STYLES[shift]["color"], marker=marker, s=42,
                       label=name if row == 0 else None)  # fmt: skip
    ax.set(yticks=range(len(spreads)), yticklabels=list(spreads), xlabel=quantity, xscale="log")
    ax.set_ylim(len(spreads) - 0.5, -0.5)
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.legend(title="one mark per seed", frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
    ax.set_title(title, fontweight="bold", loc="left")
    said = "; ".join(
        f"{setting}: " + ", ".join(f"{name} {np.mean(values):.2g} on average" for name, values in by_order.items())
        for setting, by_order in spreads.items()
    )
    return Picture(made, f"Dot plot of {quantity}. {title}. {said}.")
