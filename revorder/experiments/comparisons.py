"""Two composition orders compared seed by seed: one difference for each seed, its mean, and a 95 % interval.

Seed s has the same start and the same batches in both orders, so what it shares falls out of the difference. Intervals
are Student's; that several quantities are looked at is not corrected for.
"""

from __future__ import annotations

from collections.abc import Callable

from revorder.diagnostics.intervals import Interval, mean_interval
from revorder.diagnostics.spreads import spread_along_path
from revorder.experiments.summaries import ACCURACY, LOSS, Results
from revorder.trajectories.trajectory import Trajectory

__all__ = ["paired", "said"]


def __dir__() -> list[str]:
    return sorted(__all__)


Measure = Callable[[Trajectory], float]
SPREAD, DETRENDED = f"spread of the {LOSS} along the path", "the same about its trend"


def paired(results: Results, first: str = "backward", second: str = "forward") -> dict[str, Interval]:
    """Quantity -> interval of `first` minus `second`, over the seeds that are finished in both; empty without any.

    The spreads are those over the last quarter of the steps, left out where it has too few checkpoints.
    """
    ones, others = (results.runs.get(name, {}) for name in (first, second))
    shared = [seed for seed in ones if seed in others]
    if not shared:
        return {}
    metrics = set.intersection(*(set(runs[seed].metrics) for runs in (ones, others) for seed in shared))
    return {
        name: mean_interval([measure(ones[seed]) - measure(others[seed]) for seed in shared])
        for name, measure in _measures(len(results.tail), metrics).items()
    }


def _measures(tail: int, metrics: set[str]) -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    if tail >= 2:
        found[SPREAD] = lambda run: spread_along_path(run, LOSS, tail)
    if tail >= 3:
        found[DETRENDED] = lambda run: spread_along_path(run, LOSS, tail, trend=True)
    for name in (LOSS, ACCURACY, "train loss", "train accuracy"):
        if name in metrics:
            found[f"{name} at the last checkpoint"] = _last(name)
    found[f"best {LOSS} along the path"] = lambda run: float(run.metrics[LOSS].min())
    return found


def _last(metric: str) -> Measure:
    return lambda run: float(run.metrics[metric][-1])


def said(interval: Interval) -> str:
    """In words, what an interval of differences says."""
    if interval.count < 2:
        return "one seed says nothing about chance"
    return {1: "above 0", -1: "below 0", 0: "holds 0: no difference is shown"}[interval.sign]
