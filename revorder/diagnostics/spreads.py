"""Two spreads that must not be mixed up: along the path of one run, and over seeds at one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from revorder.errors import check_known_metric, whole
from revorder.trajectories.trajectory import Trajectory

if TYPE_CHECKING:
    from revorder.trajectories.seed_runs import SeedRuns


def spread_along_path(run: Trajectory, metric: str, last: int = 50, *, trend: bool = False) -> float:
    """The standard deviation of a metric over the last checkpoints of ONE run: how much its path still moves.

    Not the spread over seeds at a fixed step, which forward and backward share (same law).

    Args:
        run: one run with this metric.
        metric: a key of `run.metrics`; the spread has its unit.
        last: how many checkpoints.
        trend: whether the spread is taken about the straight line that fits these checkpoints best.

    Raises:
        ValueError: no such metric, or `last` is below 1.
        TypeError: `run` has several seeds, or `last` is no integer.

    >>> run = Trajectory("backward", [1, 2, 3], None, {"loss": np.array([1.0, 2.0, 3.0])})
    >>> round(spread_along_path(run, "loss"), 4), round(spread_along_path(run, "loss", trend=True), 4)
    (0.8165, 0.0)
    """
    whole("last", last, 1)
    found = _values(run, "run", metric)
    if found.ndim > 1:
        raise TypeError("run: got many seeds, but the spread along a path is that of one run; use spread_over_seeds")
    steps, values = np.array(run.steps[-last:]), found[-last:]
    return float(spread_about_trend(steps, values) if trend else values.std())


def spread_about_trend(steps: NDArray[Any], values: NDArray[Any]) -> NDArray[np.float64]:
    """The spread of values (..., steps) about the straight lines that fit them best: (...)."""
    centred, from_mean = steps - steps.mean(), values - values.mean(-1, keepdims=True)
    slopes = (from_mean * centred).sum(-1, keepdims=True) / (float(centred @ centred) or 1.0)  # one step has no line
    return np.asarray(np.sqrt(np.mean((from_mean - slopes * centred) ** 2, axis=-1)))


def spread_over_seeds(runs: SeedRuns, metric: str, n: int) -> float:
    """The standard deviation of a metric over seeds at ONE step n: how much runs differ from each other.

    For i.i.d. batches forward and backward have the same (same law). Not the spread along the path of one run.

    Args:
        runs: what `revorder.run_seeds` returned.
        metric: a key of `runs.metrics`; the spread has its unit.
        n: the step, one of the checkpoints.

    Raises:
        KeyError: step n is not one of the checkpoints.
        ValueError: no such metric, or fewer than two seeds.
        TypeError: `runs` is one run.

    >>> from revorder.trajectories.seed_runs import SeedRuns
    >>> runs = SeedRuns("backward", [10], None, {"loss": np.array([[1.0, 2.0, 3.0]])}, cost=30, engine="replay")
    >>> spread_over_seeds(runs, "loss", 10)
    1.0
    """
    if n not in runs.steps:
        raise KeyError(f"n: got {n}, but the checkpoints are {runs.steps}")
    found = _values(runs, "runs", metric)
    if found.ndim < 2:
        raise TypeError("runs: got one run, but a spread over seeds is that of ro.run_seeds; use spread_along_path")
    values = found[runs.steps.index(n)]
    if len(values) < 2:
        raise ValueError("runs: got one seed, but a spread over seeds needs at least two")
    return float(values.std(ddof=1))


def _values(run: Trajectory | SeedRuns, argument: str, metric: str) -> NDArray[Any]:
    """All values of a metric; ValueError where there is none."""
    check_known_metric(metric, run.metrics, argument)
    return run.metrics[metric]
