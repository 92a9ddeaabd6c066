"""Two composition orders compared seed by seed: one difference for each seed, its mean, and a 95 % interval.

Seed s has the same start and the same batches in both orders, so what it shares falls out of the difference. Intervals
are Student's; that several quantities are looked at is not corrected for.
"""

from __future__ import annotations

from collections.abc import Callable

from revorder.diagnostics.intervals import Interval, mean_interval
from revorder.diagnostics.spreads import spread_along_path
from revorder.experiments.documents import Block, Heading, Paragraph, Table
from revorder.experiments.summaries import ACCURACY, LOSS, Results
from revorder.trajectories.trajectory import Trajectory

__all__ = ["differences", "paired", "said"]


def __dir__() -> list[str]:
    return sorted(__all__)


Measure = Callable[[Trajectory], float]
PAIRED = (
    "A seed has the same initial parameters and batches in both orders: {count} differences, one for each seed. "
    "Intervals are Student's, with {free} degrees of freedom. They suppose differences that are about normal, which so "
    "few cannot show, and do not correct for looking at several quantities.{units} Accuracies are fractions."
)
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
        for name, measure in _measures(len(results.tail), metrics, results.own_metrics).items()
    }


def _measures(tail: int, metrics: set[str], own: list[str]) -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    if tail >= 2:
        found[SPREAD] = lambda run: spread_along_path(run, LOSS, tail)
    if tail >= 3:
        found[DETRENDED] = lambda run: spread_along_path(run, LOSS, tail, trend=True)
    for name in (LOSS, ACCURACY, "train loss", "train accuracy", *own):
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


def differences(results: Results) -> list[Block]:
    """Backward minus forward, paired by seed, as a report says it; nothing where no seed has both."""
    found = paired(results)
    if not found:
        return []
    count = next(iter(found.values())).count
    units = f" Losses are in {results.config.unit}." if results.config.unit else ""
    told = PAIRED.format(count=count, free=count - 1, units=units)
    if count < 2:
        told = "One seed: its differences have no interval."
    rows = [[name, f"{each.mean:+.3g}", *_ends(each), said(each)] for name, each in found.items()]
    header = ["backward - forward", "mean of differences", "95 % from", "to", "the interval"]
    return [Heading("Paired by seed", 2), Paragraph(told), Table(header, rows)]


def _ends(interval: Interval) -> tuple[str, str]:
    return ("-", "-") if interval.count < 2 else (f"{interval.low:+.2g}", f"{interval.high:+.2g}")
