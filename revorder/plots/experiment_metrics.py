"""Loss and accuracy of experiments, on training and on test examples: means over seeds with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from revorder.diagnostics.intervals import Interval, mean_interval
from revorder.plots.experiments import FEW
from revorder.plots.groups import check_has
from revorder.plots.labels import entry, with_unit
from revorder.plots.looks import band, look, numbers
from revorder.plots.picture import Picture, figure, plain_log
from revorder.trajectories.trajectory import Trajectory

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PARTS = ("train", "test")  # columns
ROWS = ("loss", "accuracy")
Runs = Mapping[str, Sequence[Trajectory]]


def experiment_metrics_figure(runs: Runs, *, unit: str = "nats", title: str | None = None) -> Picture:
    """Loss and accuracy (rows) on training and test examples (columns): the mean over seeds, and its 95 % interval.

    Args:
        runs: order -> its runs, one for each seed, which share their checkpoints. Each has the metric "test loss"; if
            any lacks "test accuracy", the row of accuracies is left out, and if any lacks "train loss" or "train
            accuracy", the column of training.
        unit: of the loss; "" for none.
        title: the message of the figure; by default the test losses at the end, and their difference by seeds.

    A single seed has no interval, and so no band.

    Raises:
        ValueError: no runs, or one that lacks the metric "test loss" or has no checkpoints.
    """
    if not runs:
        raise ValueError("runs: got none, but there must be the runs of one order at least")
    for name, seeds in runs.items():
        for seed, run in enumerate(seeds):
            check_has(run, "test loss", f"runs[{name!r}][{seed}]")
    metrics = set.intersection(*(set(run.metrics) for seeds in runs.values() for run in seeds))
    rows = [row for row in ROWS if f"test {row}" in metrics]
    parts = [part for part in PARTS if {f"{part} {row}" for row in rows} <= metrics]
    tall, wide = 2.6 + 0.9 * len(rows), len(parts)
    made, axes = figure(8.0, tall, nrows=len(rows), ncols=wide, sharex=True, sharey="row", squeeze=False)
    found = numbers(list(runs))
    for row, name in enumerate(rows):
        for column, part in enumerate(parts):
            for order, seeds in runs.items():
                _band(axes[row, column], seeds, f"{part} {name}", order, found[order])
        axes[row, 0].set_ylabel(with_unit(name, unit if name == "loss" else "%"))
        _fit(axes[row, 0], [run.metrics[f"{part} {name}"] for part in parts for each in runs.values() for run in each])
    for column, part in enumerate(parts):
        axes[0, column].set_title("training examples" if part == "train" else "test examples")
        axes[-1, column].set_xlabel("step n (batches)")
    made.legend(*axes[0, 0].get_legend_handles_labels(), title="composition order", loc="outside lower left", ncols=4)
    said, lines = title or _message(runs, unit), " and ".join(rows)
    made.suptitle(said)
    return Picture(made, f"Lines of {lines} against the step, means over seeds. {said}. {_told(runs, rows, parts)}")


def _band(ax: Axes, seeds: Sequence[Trajectory], metric: str, order: str, number: int) -> None:
    scale = 100 if metric.endswith("accuracy") else 1
    found = [mean_interval(values) for values in scale * np.array([run.metrics[metric] for run in seeds]).T]
    steps = seeds[0].steps
    style = look(number, marked=len(steps) <= FEW)
    ax.plot(steps, [each.mean for each in found], linewidth=1.3, markersize=3.5, label=entry(order), **style)
    if len(seeds) > 1:
        low, high = ([getattr(each, end) for each in found] for end in ("low", "high"))
        band(ax, steps, low, high, number)


def _fit(ax: Axes, values: list[np.ndarray]) -> None:
    """A logarithmic axis where a loss falls far; a band may reach below 0, and is cut there."""
    every = np.concatenate(values)
    if every.min() > 0 and every.max() > 4 * every.min() and "loss" in ax.get_ylabel():
        ax.set_yscale("log")
        ax.set_ylim(every.min() / 1.15, every.max() * 1.15)
        plain_log(ax.yaxis)


def _message(runs: Runs, unit: str) -> str:
    ends = {order: np.array([run.metrics["test loss"][-1] for run in seeds]) for order, seeds in runs.items()}
    said = f"{', '.join(f'{order} {values.mean():.3g}' for order, values in ends.items())} {unit}".rstrip()
    last = next(iter(runs.values()))[0].steps[-1]
    return f"Test loss at step {last}: {said}, means over {_counted(ends)}"


def _counted(ends: Mapping[str, np.ndarray]) -> str:
    counts = sorted({len(values) for values in ends.values()})
    return f"{' or '.join(map(str, counts))} seed{'s' if counts != [1] else ''}"


def _told(runs: Runs, rows: Sequence[str], parts: Sequence[str]) -> str:
    def end(metric: str, seeds: Sequence[Trajectory]) -> Interval:
        return mean_interval([run.metrics[metric][-1] for run in seeds])

    lines = [
        f"{part} {row} at the end: " + ", ".join(
            f"{order} {found.mean:.3g}" + (f" ({found.low:.3g} to {found.high:.3g})" if found.count > 1 else "")
            for order, seeds in runs.items() for found in [end(f"{part} {row}", seeds)]
        )
        for row in rows for part in parts
    ]  # fmt: skip
    return f"{'; '.join(lines)}. Bands and brackets are 95 % intervals of the mean (Student's)."
