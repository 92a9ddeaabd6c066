"""A short report of one or several result folders: what was run, what it cost, and what it says, doubts included."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from revorder.experiments.comparisons import differences
from revorder.experiments.configs import Config
from revorder.experiments.documents import Block, Figure, Heading, Paragraph, Table, save
from revorder.experiments.estimates import duration
from revorder.experiments.folders import Folder
from revorder.experiments.job import jobs
from revorder.experiments.reported import own_figures, own_metrics, registered
from revorder.experiments.summaries import LOSS, Results, Summary, read, summarise, trend_warning, verdict
from revorder.plots.experiment_metrics import experiment_metrics_figure
from revorder.plots.experiments import experiment_paths_figure, experiment_spreads_figure
from revorder.plots.labels import with_unit

__all__ = ["report"]


def __dir__() -> list[str]:
    return sorted(__all__)


MACHINE = ("device", "processor", "threads", "python", "torch", "revorder")
SPREADS = (
    "Two spreads that must not be mixed up. ALONG THE PATH: how much the test loss of ONE run still moves from "
    "checkpoint to checkpoint, in the last quarter of the steps; backward-SGD can make this small. OVER SEEDS: how "
    "much runs differ from each other at the last checkpoint; wherever forward and backward have the same law (i.i.d. "
    "batches; reshuffled ones within the first epoch and at whole epochs), this and the mean loss agree up to chance."
)
BEST = "The best checkpoint is picked by its test loss, so it flatters, most of all the order whose path moves most."


def report(folders: Sequence[str | Path], out: str | Path) -> Path:
    """Write report.md, with PNG files beside it, and report.html, which needs no other file.

    Args:
        folders: result folders; they may be unfinished, which the report then says.
        out: the folder to write to; made if it is not there. A report that stands there is replaced.

    Returns:
        The path of report.html.

    Raises:
        ValueError: no folder, not a result folder, or something in it is damaged; or `out`, or a file's place in it, is
            taken by something else. Then nothing is written.
    """
    if not folders or isinstance(folders, str | Path):
        raise ValueError(f"folders: got {folders!r}, but a list with at least one result folder is needed")
    blocks: list[Block] = [Heading("Composition orders compared", 1)] if len(folders) > 1 else []
    for number, path in enumerate(folders):
        suffix = f"-{number + 1}" if len(folders) > 1 else ""
        blocks += section(read(Folder(path)), suffix, 1 + (len(folders) > 1))
    return save(blocks, Path(out), "report")


def section(results: Results, suffix: str = "", level: int = 2) -> list[Block]:
    """The blocks of one result folder; `suffix` keeps its PNG files apart from those of other folders."""
    config, tail = results.config, results.tail
    summaries = {name: summarise(runs, len(tail)) for name, runs in results.runs.items() if runs}
    blocks: list[Block] = [Heading(f"{config.name} ({config.profile})", level)]
    if summaries:
        blocks.append(Paragraph(_message(summaries, config.unit), strong=True))
    blocks += _gaps(results)
    if summaries:
        blocks += [_table(summaries, config), Paragraph(f"{_where(results)} {SPREADS} {BEST}"),
                   *own_metrics(results), *differences(results), *_figures(results, summaries, suffix)]  # fmt: skip
    return [*blocks, *_cost(results), *registered(results), *_configuration(config)]


def _message(summaries: dict[str, Summary], unit: str) -> str:
    return f"{verdict(summaries, unit)} {trend_warning(summaries, unit)}".rstrip()


def _gaps(results: Results) -> list[Block]:
    """What is missing from the numbers, by name."""
    blocks: list[Block] = []
    if results.diverged:
        named = "; ".join(f"{name} ({why})" for name, why in results.diverged.items())
        blocks.append(Paragraph(f"DIVERGED, and in no number or figure below: {named}.", strong=True))
    if results.unfinished:
        total, named = len(jobs(results.config)), ", ".join(results.unfinished)
        done = f"{total - len(results.unfinished)} of {total} jobs are done"
        blocks.append(Paragraph(f"UNFINISHED ({done}): {named}.", strong=True))
    return blocks


def _table(summaries: dict[str, Summary], config: Config) -> Table:
    unit = f" ({config.unit})" if config.unit else ""
    header = [
        "order", "seeds", f"test loss at step {config.checkpoints[-1]}{unit}", "test accuracy",
        f"spread ALONG THE PATH, last quarter{unit}", f"the same about its trend{unit}",
        f"spread OVER SEEDS at the last checkpoint{unit}", f"best checkpoint: test loss{unit}",
    ]  # fmt: skip
    rows = [
        [
            name, str(len(found.seeds)), _pair(found.loss, found.loss_error, 4),
            _pair(100 * found.accuracy, 100 * found.accuracy_error, 2, " %"), _number(_mean(found.along_path)),
            _number(found.about_trend), _number(found.over_seeds), f"{found.best:.4f} at step {found.best_step:.0f}",
        ]
        for name, found in summaries.items()
    ]  # fmt: skip
    return Table(header, rows)


def _where(results: Results) -> str:
    """How the numbers of the table were made."""
    last = f"the {len(results.tail)} checkpoints from step {results.tail[0]}" if results.tail else "no checkpoint"
    return f"Means over seeds ± standard error (one seed has none). The last quarter is {last} on."


def _figures(results: Results, summaries: dict[str, Summary], suffix: str) -> list[Block]:
    runs = {name: list(found.values()) for name, found in results.runs.items() if found}
    tail = max(3, len(results.tail))  # fewer would show no path
    unit = results.config.unit
    blocks: list[Block] = [
        Figure(f"metrics{suffix}.png", experiment_metrics_figure(runs, unit=unit)),
        Figure(f"paths{suffix}.png", experiment_paths_figure(runs, LOSS, unit=unit, tail=tail)),
        *own_figures(results, runs, tail, suffix),
    ]
    spreads = {name: found.along_path for name, found in summaries.items() if math.isfinite(_mean(found.along_path))}
    if spreads:
        quantity = with_unit(f"spread of the {LOSS} along the path, last quarter", unit)
        made = experiment_spreads_figure(spreads, quantity=quantity)
        blocks.append(Figure(f"spreads{suffix}.png", made))
    return blocks


def _cost(results: Results) -> list[Block]:
    """Evaluations and times of the finished jobs, order by order, and the machines that made them."""
    lines = results.card["jobs"]
    finished: dict[str, list[dict[str, Any]]] = {}
    for job in jobs(results.config):
        if str(job) in lines:
            finished.setdefault(job.order, []).append(lines[str(job)])
    rows = []
    for name in results.config.orders:
        if own := finished.get(name):
            resumed = sum(bool(line.get("resumed")) for line in own)
            note = f"{resumed} resumed: their time is that of the last stretch" if resumed else ""
            seconds = duration(sum(_amount(line.get("seconds")) for line in own))
            evaluations = sum(_amount(line.get("evaluations")) for line in own)
            rows.append([name, str(len(own)), f"{evaluations:,.0f}", seconds, note])
    if not rows:
        return []
    header = ["order", "finished jobs", "evaluations of the update", "time", "note"]
    machines = {tuple(str(line.get(key, "?")) for key in MACHINE) for line in lines.values()}
    return [Heading("What it cost", 2), Table(header, rows), Table(MACHINE, sorted(machines))]


def _configuration(config: Config) -> list[Block]:
    rows = [[field, _text(value)] for field, value in dataclasses.asdict(config).items()]
    return [
        Heading("Configuration", 2),
        Paragraph("Learning rate, batch size and step count are choices of this experiment, constant all along."),
        Table(["field", "value"], rows),
    ]


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else "all" if value is None else str(value)


def _amount(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and 0 <= value < 1e18 else 0.0


def _mean(by_seed: dict[int, float]) -> float:
    return sum(by_seed.values()) / len(by_seed)


def _number(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "-"


def _pair(value: float, error: float, digits: int, unit: str = "") -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.{digits}f}{f' ± {error:.{digits}f}' if math.isfinite(error) else ''}{unit}"
