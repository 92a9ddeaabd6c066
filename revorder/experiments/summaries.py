"""Numbers of a result folder: for every order what its seeds have in common, and how orders compare seed by seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from revorder.diagnostics.spreads import spread_along_path
from revorder.experiments.configs import Config
from revorder.experiments.folders import Folder
from revorder.experiments.job import Job, jobs
from revorder.trajectories.trajectory import Trajectory

__all__ = ["Results", "Summary", "read", "summarise", "trend_warning", "verdict"]


def __dir__() -> list[str]:
    return sorted(__all__)


FEW = 5  # seeds: with fewer, even a sign that all of them share comes by chance more often than 1 time in 32
BEYOND = 1e30  # no loss is as large, and no axis could show it
LOSS, ACCURACY = "test loss", "test accuracy"
METRICS = (LOSS, ACCURACY, "train loss", "train accuracy")  # results need not have the last two


@dataclass(frozen=True, eq=False)
class Results:
    """What a result folder holds.

    Attributes:
        config: the configuration.
        card: the result card.
        runs: order -> seed -> its trajectory; those that reached the last checkpoint.
        diverged: run -> why; a diverged run is in no number and no figure.
        unfinished: jobs without a result.
    """

    config: Config
    card: dict[str, Any]
    runs: dict[str, dict[int, Trajectory]]
    diverged: dict[str, str]
    unfinished: list[str]

    @property
    def own_metrics(self) -> list[str]:
        """The configuration's own metrics as they are measured, such as "test margin"; those that are finite."""
        every = [run for runs in self.runs.values() for run in runs.values()]
        names = [f"{part}{name}" for name in self.config.metrics for part in ("test ", "train ", "")]
        return [name for name in names if every and all(_finite(run, name) for run in every)]

    @property
    def tail(self) -> list[int]:
        """The checkpoints in the last quarter of the steps."""
        return [n for n in self.config.checkpoints if n > 0.75 * self.config.steps]


@dataclass(frozen=True)
class Summary:
    """One order over its seeds; NaN where there are too few of them or of checkpoints.

    Attributes:
        seeds: whose runs are finished.
        evaluations: of T, for all of these seeds.
        loss, loss_error: test loss at the last checkpoint, mean over seeds and its standard error, in the unit of the
            configuration, as all losses.
        accuracy, accuracy_error: the same of the test accuracy (a fraction); NaN where there is none.
        over_seeds: standard deviation over seeds of the test loss at the last checkpoint.
        along_path: seed -> standard deviation of its test loss over the last quarter of its path.
        about_trend: mean over seeds of the same about a straight line through these checkpoints.
        best, best_step: the smallest test loss along the path and its step, means over seeds.
    """

    seeds: tuple[int, ...]
    evaluations: int
    loss: float
    loss_error: float
    accuracy: float
    accuracy_error: float
    over_seeds: float
    along_path: dict[int, float]
    about_trend: float
    best: float
    best_step: float


def read(folder: Folder) -> Results:
    """Read a result folder, finished or not.

    Raises:
        ValueError: not a result folder, or something in it is damaged.
    """
    config, card, finished = folder.config(), folder.card(), folder.finished()
    runs: dict[str, dict[int, Trajectory]] = {name: {} for name in config.orders}
    diverged, every = {}, jobs(config)
    for (name, seed), run in finished.items():
        needed = {LOSS, ACCURACY} if config.loss == "cross-entropy" else {LOSS}
        if lost := needed - run.metrics.keys():
            raise ValueError(f"out: {folder.path} is damaged: the run {name}, seed {seed}, lacks {' and '.join(lost)}")
        if tuple(run.steps) != tuple(config.checkpoints):
            diverged[str(Job(name, seed))] = _why(every, card, name, seed)
        elif wild := [m for m in METRICS if m in run.metrics and not (np.abs(run.metrics[m]) < BEYOND).all()]:
            diverged[str(Job(name, seed))] = f"its {wild[0]} is NaN or beyond {BEYOND:g} at a checkpoint"
        else:
            runs[name][seed] = run
    unfinished = [str(job) for job in every if not folder.result(job).exists()]
    return Results(config, card, runs, diverged, unfinished)


def _finite(run: Trajectory, metric: str) -> bool:
    return metric in run.metrics and bool((np.abs(run.metrics[metric]) < BEYOND).all())


def _why(every: list[Job], card: dict[str, Any], name: str, seed: int) -> str:
    lines = [card["jobs"].get(str(job), {}) for job in every if (job.order, job.seed) == (name, seed)]
    said = [str(line["diverged"]) for line in lines if "diverged" in line]
    return "; ".join(said) or "its result ends before the last checkpoint"


def summarise(runs: dict[int, Trajectory], tail: int) -> Summary:
    """Summarise the finished runs of one order; at least one. The last `tail` checkpoints are the end of the path."""
    losses = np.array([run.metrics[LOSS] for run in runs.values()])
    accuracies = np.array([run.metrics.get(ACCURACY, [math.nan])[-1] for run in runs.values()])
    steps = np.array(next(iter(runs.values())).steps)
    spreads = {trend: {seed: _spread(run, tail, trend) for seed, run in runs.items()} for trend in (False, True)}
    return Summary(
        seeds=tuple(runs), evaluations=sum(run.cost for run in runs.values()),
        loss=float(losses[:, -1].mean()), loss_error=_error(losses[:, -1]),
        accuracy=float(accuracies.mean()), accuracy_error=_error(accuracies),
        over_seeds=_deviation(losses[:, -1]), along_path=spreads[False],
        about_trend=float(np.mean(list(spreads[True].values()))),
        best=float(losses.min(1).mean()), best_step=float(steps[losses.argmin(1)].mean()),
    )  # fmt: skip


def verdict(summaries: dict[str, Summary], unit: str = "nats") -> str:
    """One sentence: whether backward's spread along the path is below forward's, and at how many seeds."""
    if not {"forward", "backward"} <= summaries.keys():
        return "Forward and backward cannot be compared here: runs of at least one of them are missing."
    forward, backward = summaries["forward"].along_path, summaries["backward"].along_path
    shared = [seed for seed in forward if seed in backward and not math.isnan(forward[seed])]
    if not shared:
        return "Forward and backward cannot be compared here: there is no seed with two checkpoints at the end of both."
    below = sum(backward[seed] < forward[seed] for seed in shared)
    means = [float(np.mean([spreads[seed] for seed in shared])) for spreads in (backward, forward)]
    how = "at every seed" if below == len(shared) else "at no seed" if not below else "at some seeds only"
    few = "" if len(shared) >= FEW else "; so few seeds show a direction and prove nothing"
    return (
        f"Backward's spread along the path is below forward's at {below} of {len(shared)} seeds ({how}): "
        f"{means[0]:.2g} against {_in(means[1], unit)} on average{few}."
    )


def trend_warning(summaries: dict[str, Summary], unit: str = "nats") -> str:
    """A sentence where most of a spread along the path is no jitter: where the loss still falls or rises as a whole."""
    told = {
        name: (float(np.mean(list(found.along_path.values()))), found.about_trend) for name, found in summaries.items()
    }
    caught = [name for name, (spread, about) in told.items() if about < spread / 2]
    if not caught:
        return ""
    *others, last = [(name, about) for name, (_, about) in told.items()]
    numbers = ", ".join([*(f"{name} {about:.2g}" for name, about in others), f"{last[0]} {_in(last[1], unit)}"])
    return (
        f"Most of the spread of {' and '.join(caught)} is a trend: the loss still moves as a whole. About a straight "
        f"line through the same checkpoints the spreads are: {numbers}."
    )


def _in(value: float, unit: str) -> str:
    return f"{value:.2g} {unit}".rstrip()


def _spread(run: Trajectory, tail: int, trend: bool) -> float:
    return spread_along_path(run, LOSS, tail, trend=trend) if tail >= 2 + trend else math.nan


def _deviation(values: Sequence[float] | np.ndarray) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def _error(values: np.ndarray) -> float:
    return _deviation(values) / math.sqrt(len(values))
