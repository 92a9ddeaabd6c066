"""Linear regressions, where maps compose in closed form, every step a checkpoint, in float64."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import loops
import tasks
from rows import Method, Workload
from tasks import Task

import revorder as ro
from revorder import Wavefront
from workloads.made import auto, jax, spaced, wavefront, workload
from workloads.made import replay as replayed


def diabetes(quick: bool) -> Iterator[Workload]:
    """Ten features, over many steps and over very many."""
    steps, long = (60, 120) if quick else (1000, 8000)
    title = "linear regression on diabetes (10 weights and a bias), batch 8, N = {}, every step a checkpoint, float64"
    task = tasks.diabetes(steps)
    methods = [loops.optim_loop(task), *jax(task), replayed(task), wavefront(task), affine(task), auto(task)]
    yield workload("diabetes", title.format(steps), task, spaced(1, steps), methods)
    task = tasks.diabetes(long)
    methods = [*jax(task)[-1:], affine(task), auto(task)]
    yield workload("diabetes-long", title.format(long), task, spaced(1, long), methods)


def wide(quick: bool) -> Iterator[Workload]:
    """More features, where products of matrices cost more than the steps."""
    steps = 60 if quick else 1000
    for features in (100, 500):
        task = tasks.gaussian(features, steps)
        title = f"linear regression on {features} normal features and a bias, batch 8, N = {steps}, every step a "
        methods = [*jax(task), wavefront(task), affine(task), auto(task)]
        yield workload(f"d = {features + 1}", title + "checkpoint, float64", task, spaced(1, steps), methods)


def contractive(quick: bool) -> Iterator[Workload]:
    """Whitened features: states with the same future come together, so that merging them pays, if it ever does."""
    steps = 60 if quick else 1000
    task = tasks.whitened(steps)
    title = f"diabetes, whitened features, batch 32, learning rate 0.1, N = {steps}, every step a checkpoint, float64"
    methods = [wavefront(task), affine(task), *_merging(task, spaced(1, steps), (1e-9, 1e-6, 1e-3))]
    yield replace(workload("contractive", title, task, spaced(1, steps), methods), rounds=3)


def affine(task: Task) -> Method:
    """By composed maps."""
    return loops.engine("affine", task, ro.Affine())


def _merging(task: Task, checkpoints: list[int], tolerances: tuple[float, ...]) -> list[Method]:
    """Approximate runs, each compared with an exact run at all checkpoints."""
    exact = dict(zip(checkpoints, affine(task).run(checkpoints).states, strict=True))
    return [
        replace(
            loops.engine(f"wavefront, merge_tol={tolerance:g} (approximate)", task, Wavefront(merge_tol=tolerance)),
            reference=exact,
            tolerance=10 * tolerance,
        )
        for tolerance in tolerances
    ]
