"""Figures of methods at an equal budget: a heat map of methods by learning rates, and a small panel for each method."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from revorder.errors import check_known_metric
from revorder.plots.looks import STYLES, Style
from revorder.plots.picture import Picture, figure, plain_log

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

COLUMNS = 4  # panels beside each other
FORWARD, BACKWARD, OTHER = ({**style, "linestyle": "-"} for style in STYLES[:3])
LOOKS: dict[str, Style] = {"forward": FORWARD, "backward": BACKWARD}


def heat_figure(
    values: np.ndarray,
    methods: Sequence[str],
    rates: Sequence[float],
    framed: Sequence[int],
    selected: tuple[int, int] | None = None,
    *,
    label: str,
    title: str,
) -> Picture:
    """A number for each method at each learning rate, dark where it is small.

    Args:
        values: (methods, rates), positive; NaN where there is none.
        methods, rates: names of rows and columns.
        framed: for each row the column of its frame, such as the rate that was tuned.
        selected: row and column of a cell with a thick frame.
        label: what the numbers are, with unit.
        title: the message of the figure.
    """
    values = np.asarray(values, dtype=float)
    made, ax = figure(6.4, 0.95 + 0.27 * len(methods), fast=True, margins={"left": 1.25, "top": 0.7})
    _cells(ax, values, framed)
    for row, column in enumerate(framed):
        _frame(ax, row, column, 0.46, 1.4)
    if selected is not None:
        _frame(ax, *selected, 0.49, 3.2)
    ax.grid(False)
    ax.set(xlabel="learning rate h", xticks=range(len(rates)), xticklabels=[f"{rate:g}" for rate in rates],
           yticks=range(len(methods)), yticklabels=methods)  # fmt: skip
    ax.set_title(f"{label}, mean over seeds; framed: the tuned rate of each method")
    made.suptitle(title)
    at_frames = zip(methods, values, framed, strict=True)
    said = "; ".join(f"{name} {row[at]:.3g} at {rates[at]:g}" for name, row, at in at_frames)
    alt = f"Heat map of methods by learning rate h, {label}, mean over seeds. {title}. At the tuned rate of each method"
    return Picture(made, f"{alt}, framed: {said}.")


def _cells(ax: Axes, values: np.ndarray, bold: Sequence[int]) -> None:
    """Colours on a logarithmic scale, and the numbers."""
    logs = np.log(values)
    low, high = np.nanmin(logs), np.nanmax(logs)
    image = ax.imshow(logs, cmap="Blues_r", vmin=low, vmax=high + 0.1 * (high - low), aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        finite = np.isfinite(value)
        ground = image.cmap(image.norm(logs[row, column]))[:3] if finite else (1.0, 1.0, 1.0)
        dark = np.dot(np.power(ground, 2.2), [0.2126, 0.7152, 0.0722]) < 0.18  # where white and black contrast alike
        ax.text(column, row, f"{value:.3g}" if finite else "—", ha="center", va="center",
                color="white" if dark else "black", fontweight="bold" if bold[row] == column else "normal")  # fmt: skip


def _frame(ax: Axes, row: int, column: int, half: float, width: float) -> None:
    from matplotlib.patches import Rectangle

    corner = column - half, row - 0.94 * half
    ax.add_patch(Rectangle(corner, 2 * half, 1.88 * half, fill=False, linewidth=width))


def multiples_figure(
    frame: pd.DataFrame, metric: str, rates: Mapping[str, float], reference: str, *, label: str, title: str
) -> Picture:
    """A panel for each method: the metric against evaluations, mean over seeds with the lowest and highest of them.

    The mean of the reference is dashed in every panel.

    Args:
        frame: as `experiments.budget.compare` returns.
        metric: one of its metrics, drawn on a logarithmic axis.
        rates: method -> its learning rate; one panel each.
        reference: one of the methods.
        label: of the metric's axis, with unit.
        title: the message of the figure.

    Raises:
        ValueError: the frame has no such metric, or not these methods at these rates; `reference` is none of them.
    """
    _check_cells(frame, metric, rates, reference)
    cells = dict(iter(frame[frame["metric"] == metric].groupby(["method", "lr"])))
    paths = {name: cells[name, lr].pivot(index="evaluations", columns="seed", values="value")
             for name, lr in rates.items()}  # fmt: skip
    rows = -(-len(rates) // COLUMNS)
    made, axes = figure(8.0, 1.25 + 1.42 * rows, fast=True, nrows=rows, ncols=COLUMNS, sharex=True, sharey=True,
                        squeeze=False, margins={"columns": 0.2, "rows": 0.34, "top": 0.72})  # fmt: skip
    for ax, name in zip(axes.flat, rates, strict=False):
        _panel(ax, paths[name], None if name == reference else paths[reference].mean(axis=1), LOOKS.get(name, OTHER))
        ax.set_title(f"{name} at {rates[name]:g}: {paths[name].iloc[-1].mean():.3g}")
    for ax in axes.flat[len(rates):]:  # fmt: skip
        ax.set_axis_off()
    _finish(axes, list(paths.values())[0].index, label)
    made.suptitle(title)
    ends = ", ".join(f"{name} {path.iloc[-1].mean():.3g} (h = {rates[name]:g})" for name, path in paths.items())
    alt = f"A panel for each method: {label} against evaluations of T for the model, mean and extremes over seeds"
    return Picture(made, f"{alt}; dashed: {reference}. {title}. Means at the end: {ends}.")


def _check_cells(frame: pd.DataFrame, metric: str, rates: Mapping[str, float], reference: str) -> None:
    check_known_metric(metric, frame["metric"].unique().tolist(), "frame")
    check_rates(set(frame[["method", "lr"]].itertuples(index=False, name=None)), rates, reference)


def check_rates(there: Collection[tuple[str, float]], rates: Mapping[str, float], reference: str) -> None:
    """Raise ValueError unless a frame has these methods at these rates, and the reference is one of them.

    Args:
        there: method and learning rate of each cell.
    """
    for name, lr in rates.items():
        if (name, lr) not in there:
            known = ", ".join(f"{rate:g}" for method, rate in sorted(there) if method == name) or "none"
            raise ValueError(f"rates: got {lr!r} for {name!r}, but the learning rates of it in frame are {known}")
    if reference not in rates:
        raise ValueError(f"reference: got {reference!r}, but the methods of rates are {', '.join(rates) or 'none'}")


def _panel(ax: Axes, path: pd.DataFrame, reference: pd.Series | None, look: Style) -> None:
    ax.plot(path.index, path.min(axis=1), linewidth=0.6, **look)
    ax.plot(path.index, path.max(axis=1), linewidth=0.6, **look)
    ax.plot(path.index, path.mean(axis=1), linewidth=2, **look)
    if reference is not None:
        ax.plot(reference.index, reference, linewidth=1.5, **STYLES[1])


def _finish(axes: np.ndarray, looks: pd.Index, label: str) -> None:
    """Ticks and labels; the panels share their axes."""
    first = axes[0, 0]
    first.set(yscale="log", xticks=[0, int(looks[-1]) // 2, int(looks[-1])])
    plain_log(first.yaxis)
    for number, ax in enumerate(axes.flat):
        below = number + COLUMNS >= len(axes.flat) or not axes.flat[number + COLUMNS].axison
        ax.tick_params(labelbottom=below)
    for row in axes:
        row[0].set_ylabel(label)
    for ax in axes[-1]:
        ax.set_xlabel("evaluations of T")
