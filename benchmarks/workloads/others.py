"""Convolutions, many seeds at once, batches that repeat, and how times grow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import loops
import numpy as np
import tasks
from rows import Method, Workload

from workloads.made import auto, compiled, fast, jax, replay, spaced, wavefront, workload

EARLY_TOLERANCE = 1e-3  # BatchNorm divides by small deviations, which amplifies rounding sooner


def cnn(quick: bool) -> Iterator[Workload]:
    """Convolutions and BatchNorm, whose statistics are part of the state."""
    steps = 20 if quick else 100
    task = tasks.cnn(steps)
    methods = [loops.optim_loop(task), *jax(task), replay(task), wavefront(task)]
    methods += [compiled(task)] * (not quick)
    title = f"small CNN with BatchNorm on digits, batch 8, N = {steps}, a checkpoint every 10 steps, float32"
    made = workload("cnn", title, task, spaced(10, steps), [*methods, auto(task)], late=False)
    yield replace(made, tolerance=EARLY_TOLERANCE)


def seeds(quick: bool) -> Iterator[Workload]:
    """Many seeds in one run, against one seed; both have as many states at once for each seed as `digits`."""
    count, steps = (3, 20) if quick else (64, 200)
    made = tasks.many_digits(count, steps)
    first, last = (tasks.reference(task, [1, steps // 2, steps]) for task in (made[0], made[-1]))
    alone = replace(loops.engine("one seed", made[0], "auto"), part=1 / count, reference=first)
    title = f"MLP 64-32-10 on digits, {count} seeds, batch 8, N = {steps}, every step a checkpoint, float32"
    both = workload("seeds", title, made[0], spaced(1, steps), [alone, loops.seeds(made)])
    ends = {n: np.concatenate([first[n], last[n]]) for n in first}
    yield replace(both, cost=count * both.cost, naive_cost=count * both.naive_cost, reference=ends, rounds=3)


def cyclic(quick: bool) -> Iterator[Workload]:
    """The same batches over and over: words share prefixes."""
    period, steps = (40, 60) if quick else (50, 2000)
    task = tasks.digits(steps, period)
    expected = period * steps - period * (period - 1) // 2
    methods = [_exactly(expected, method) for method in (wavefront(task), *fast(task), auto(task))]
    title = f"MLP 64-32-10 on digits, K = {period} batches repeated, N = {steps}, every step a checkpoint, float32"
    made = workload("cyclic", title, task, spaced(1, steps), methods)
    if made.cost != expected:
        raise AssertionError(f"cyclic: the plan costs {made.cost} evaluations, but K*N - K*(K-1)/2 is {expected}")
    yield made


def _exactly(expected: int, method: Method) -> Method:
    """The method, which must make so many evaluations of T."""

    def run(steps: list[int]) -> object:
        outcome = method.run(steps)
        if outcome.made != expected:
            raise AssertionError(f"{method.name}: {outcome.made} evaluations, but {expected} are needed")
        return outcome

    return replace(method, run=run)


def growth(quick: bool) -> Iterator[Workload]:
    """Time for an evaluation against the number of steps, and against the number of checkpoints."""
    lengths, counts = ([80, 100], [50, 100]) if quick else ([500, 2000, 8000], [10, 50, 200])
    task = tasks.digits(max(lengths))
    methods = [wavefront(task), *fast(task)]  # one update for all sizes: what is traced once serves them all
    sizes = [(n, 50) for n in lengths] + [(lengths[1], count) for count in counts]
    for steps, count in dict.fromkeys(sizes):
        checkpoints = np.linspace(steps / count, steps, count).round().astype(int).tolist()
        title = f"MLP 64-32-10 on digits, N = {steps}, {count} checkpoints spaced evenly, float32"
        made = workload(f"growth-{steps}-{count}", title, task, checkpoints, methods, late=steps <= 2000)
        yield replace(made, group="growth", size={"steps": steps, "checkpoints": count})
