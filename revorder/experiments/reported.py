"""What a report says of somebody's own: metrics that were measured besides, and what was registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from revorder.experiments.cards import own_lines
from revorder.experiments.documents import Block, Figure, Heading, Paragraph, Table
from revorder.experiments.summaries import Results
from revorder.plots.experiments import experiment_paths_figure
from revorder.trajectories.trajectory import Trajectory

ABOUT = ("kind", "name", "object", "file", "sha256")


def own_metrics(results: Results) -> list[Block]:
    """Means over seeds at the last checkpoint, and their standard errors; what is not finite is named."""
    config, found = results.config, results.own_metrics
    if not config.metrics:
        return []
    lost = [name for name in config.metrics if not {name, f"test {name}"} & set(found)]
    rows = [[order, *(_mean([run.metrics[name][-1] for run in runs.values()]) for name in found)]
            for order, runs in results.runs.items() if runs]  # fmt: skip
    blocks: list[Block] = [Heading(f"Registered metrics at step {config.checkpoints[-1]}", 2)]
    if found:
        blocks.append(Table(["order", *found], rows))
    if lost:
        blocks.append(Paragraph(f"Not shown, since some of their values are missing or not finite: {', '.join(lost)}."))
    return blocks


def _mean(values: Sequence[float]) -> str:
    mean = f"{np.mean(values):.4g}"
    return mean if len(values) < 2 else f"{mean} ± {np.std(values, ddof=1) / len(values) ** 0.5:.2g}"


def own_figures(results: Results, runs: Mapping[str, Sequence[Trajectory]], tail: int, suffix: str) -> list[Block]:
    """The paths of each metric, on test examples or of the parameters."""
    names = [name for name in results.own_metrics if not name.startswith("train ")]
    return [
        Figure(f"own-{number}{suffix}.png", experiment_paths_figure(runs, name, tail=tail))
        for number, name in enumerate(names, start=1)
    ]


def registered(results: Results) -> list[Block]:
    """Models, data, orders, losses and metrics that are not of this package, and where they came from."""
    lines = own_lines(results.card)
    if not lines:
        return []
    rows = [[line.get(key) or "not known" for key in ABOUT] for line in lines]
    told = "What is not of this package. The digest (SHA-256) is that of the file, not of what the file imports."
    return [Heading("What was registered", 2), Paragraph(told), Table(ABOUT, rows)]
