"""What a figure draws as one line: a run, or the mean over several with a band about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from revorder.diagnostics.intervals import t_quantile
from revorder.diagnostics.spreads import spread_along_path
from revorder.errors import check_known_metric
from revorder.showing import name_of
from revorder.trajectories.seed_runs import SeedRuns
from revorder.trajectories.trajectory import Trajectory

Runs = Trajectory | SeedRuns | Sequence[Trajectory]
BANDS = {  # name -> what is said of it
    "interval": "95 % interval of the mean",
    "deviation": "one standard deviation to each side",
    "range": "from the smallest to the largest",
}


@dataclass(frozen=True, eq=False)
class Group:
    """Runs that are one line.

    Attributes:
        order: of all of them, as text.
        runs: one trajectory for each seed.
        several: whether they are many seeds, and not a run of its own.
        provenance: of all of them.
    """

    order: str
    runs: list[Trajectory]
    several: bool = True
    provenance: dict[str, Any] = field(default_factory=dict)

    @property
    def steps(self) -> list[int]:
        return self.runs[0].steps

    def values(self, metric: str) -> np.ndarray:
        """(seeds, checkpoints)."""
        return np.array([run.metrics[metric] for run in self.runs])

    def spread(self, metric: str, last: int, trend: bool) -> float:
        """The spread along the path; the mean of those of all seeds."""
        return float(np.mean([spread_along_path(run, metric, last, trend=trend) for run in self.runs]))

    def edges(self, metric: str, band: str) -> tuple[np.ndarray, np.ndarray]:
        """The lower and the upper edge of a band; NaN where a seed is."""
        values = self.values(metric)
        if band == "range":
            return values.min(axis=0), values.max(axis=0)
        half = values.std(axis=0, ddof=1)
        if band == "interval":
            half *= t_quantile(len(values)) / np.sqrt(len(values))
        return values.mean(axis=0) - half, values.mean(axis=0) + half


def groups_of(runs: Sequence[Runs]) -> list[Group]:
    """A group for each line; a `SeedRuns` of one seed is a run of its own.

    Raises:
        ValueError: a list of fewer than two seeds, of several orders, or with different checkpoints.
        TypeError: what is no run.
    """
    return [_group(each, f"runs[{place}]") for place, each in enumerate(runs)]


def _group(given: Runs, argument: str) -> Group:
    if isinstance(given, Trajectory):
        return Group(given.order, [given], several=False, provenance=given.provenance)
    if isinstance(given, SeedRuns):
        runs = _apart(given)
        if not runs:
            raise ValueError(f"{argument}: it was run without metrics, but a line needs one; give run_seeds metrics")
        found = Group(given.order, runs, several=len(runs) > 1, provenance=given.provenance)
    else:
        if not isinstance(given, list | tuple) or not all(isinstance(run, Trajectory) for run in given):
            raise TypeError(
                f"{argument}: got {given!r}, but it must be a run, a SeedRuns, or a list of runs of one order"
            )
        found = Group(given[0].order if given else "", list(given))
    if found.several and len(found.runs) < 2:
        raise ValueError(f"{argument}: a band needs at least two seeds, but got {len(found.runs)}; give the run itself")
    if len(orders := {name_of(run.order) for run in found.runs}) > 1:
        raise ValueError(
            f"{argument}: got runs of {', '.join(sorted(orders))}, but the seeds of one line share an order"
        )
    if any(run.steps != found.steps for run in found.runs):
        raise ValueError(f"{argument}: got runs with different checkpoints, but the seeds of one line share them")
    return found


def _apart(runs: SeedRuns) -> list[Trajectory]:
    """One trajectory for each seed, of the metrics alone."""
    seeds = next(iter(runs.metrics.values())).shape[1] if runs.metrics else 0
    return [
        Trajectory(runs.order, runs.steps, None, {name: values[:, seed] for name, values in runs.metrics.items()})
        for seed in range(seeds)
    ]


def check_metric(groups: Sequence[Group], metric: str, log: bool = False) -> None:
    """Raise unless every run has a metric at some checkpoint, and, for a logarithmic axis, something above 0.

    Raises:
        ValueError: a run has no such metric, no checkpoints, or nothing that such an axis could show.
    """
    for place, group in enumerate(groups):
        for run in group.runs:
            check_has(run, metric, f"runs[{place}]")
    if log and not any(np.any(np.isfinite(values) & (values > 0)) for values in (g.values(metric) for g in groups)):
        raise ValueError(
            f"log: {metric!r} has no finite value above 0 that a logarithmic axis could show; use log=False"
        )


def check_has(run: Trajectory | SeedRuns, metric: str, argument: str) -> None:
    """Raise ValueError unless a run has a metric, at one checkpoint at least."""
    check_known_metric(metric, run.metrics, argument)
    if not run.steps:
        raise ValueError(f"{argument}: it has no checkpoints, so there is nothing to draw; perhaps it diverged at once")
