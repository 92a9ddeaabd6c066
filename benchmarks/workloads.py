"""What is measured: for each workload its task, checkpoints, reference and methods."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import replace

import loops
import numpy as np
import tasks
from tasks import Task
from timing import EARLY, Method, Workload

import revorder as ro
from revorder import Wavefront

EARLY_TOLERANCE = 1e-4  # float32 against float64, up to step 100
FLOAT64_TOLERANCE = 1e-9


def _jax(task: Task) -> list[Method]:
    """JAX's methods, where JAX is installed (the extra `bench`)."""
    if importlib.util.find_spec("jax") is None:
        return []
    import in_jax

    return [in_jax.replay(task), in_jax.sweep(task)]


def _engines(task: Task, compiled: bool = True) -> list[Method]:
    return [
        loops.engine("replay", task, "replay", few=True),
        loops.engine("wavefront", task, Wavefront()),
        *[loops.engine("wavefront, compiled", task, Wavefront(compile=True))] * compiled,
        loops.engine("auto", task, "auto"),
    ]


def _workload(name: str, title: str, task: Task, checkpoints: list[int], methods: list[Method]) -> Workload:
    """Backward order; the reference reaches up to step 100."""
    plan = ro.plan("backward", checkpoints, task.labels)
    early = [n for n in checkpoints if n <= EARLY] or checkpoints[:1]
    reference = tasks.reference(task, sorted({early[0], early[len(early) // 2], early[-1]}))
    return Workload(name, title, methods, checkpoints, plan.cost, plan.naive_cost, reference, EARLY_TOLERANCE)


def digits(quick: bool) -> Iterator[Workload]:
    """The course's MLP in float32."""
    steps, stride = (80, 2) if quick else (2000, 10)  # at least 32 states, the width for which steps are compiled
    task = tasks.digits(steps)
    methods = [loops.optim_loop(task), loops.func_loop(task), *_jax(task), *_engines(task)]
    title = f"MLP 64-32-10 on digits, batch 8, N = {steps}, a checkpoint every {stride} steps, float32"
    yield _workload("digits", title, task, list(range(stride, steps + 1, stride)), methods)


def fashion(quick: bool) -> Iterator[Workload]:
    """A wider MLP: more arithmetic for each evaluation."""
    steps = 40 if quick else 400
    task = tasks.fashion(steps)
    methods = [loops.optim_loop(task), loops.func_loop(task), *_jax(task), *_engines(task, not quick)]
    title = f"MLP 784-128-10 on {task.name}, batch 8, N = {steps}, a checkpoint every 10 steps, float32"
    yield _workload("fashion", title, task, list(range(10, steps + 1, 10)), methods)


def cnn(quick: bool) -> Iterator[Workload]:
    """Convolutions and BatchNorm, whose statistics are part of the state."""
    steps = 20 if quick else 100
    task = tasks.cnn(steps)
    methods = [loops.optim_loop(task), *_engines(task, not quick)]
    title = f"small CNN with BatchNorm on digits, batch 8, N = {steps}, a checkpoint every 10 steps, float32"
    made = _workload("cnn", title, task, list(range(10, steps + 1, 10)), methods)
    # BatchNorm divides by small deviations, which amplifies rounding sooner
    yield replace(made, tolerance=10 * EARLY_TOLERANCE)


def diabetes(quick: bool) -> Iterator[Workload]:
    """Linear regression, where maps compose in closed form."""
    steps, long = (60, 120) if quick else (1000, 8000)
    task = tasks.diabetes(steps)
    methods = [
        loops.optim_loop(task),
        loops.func_loop(task),
        *_jax(task),
        loops.engine("replay", task, "replay", few=True),
        loops.engine("wavefront", task, Wavefront()),
        loops.engine("wavefront, compiled", task, Wavefront(compile=True)),
        loops.engine("affine", task, ro.Affine()),
        loops.engine("auto", task, "auto"),
        *_merging(task, list(range(1, steps + 1))),
    ]
    title = "linear regression on diabetes (10 weights and a bias), batch 8, N = {}, every step a checkpoint, float64"
    yield _precise("diabetes", title.format(steps), task, steps, methods)
    task = tasks.diabetes(long)
    methods = [loops.engine("replay", task, "replay", few=True), loops.engine("affine", task, ro.Affine())]
    methods = [*_jax(task)[1:], *methods]
    yield _precise("diabetes-long", title.format(long), task, long, methods)
    task = tasks.whitened(steps)
    methods = [loops.engine("wavefront", task, Wavefront()), loops.engine("affine", task, ro.Affine())]
    title = f"diabetes, whitened features, batch 32, learning rate 0.1, N = {steps}, every step a checkpoint, float64"
    methods += _merging(task, list(range(1, steps + 1)), (1e-9, 1e-6, 1e-3))
    yield _precise("contractive", title, task, steps, methods)


def _merging(task: Task, checkpoints: list[int], tolerances: tuple[float, ...] = (1e-3, 1e-2)) -> list[Method]:
    """Approximate runs, each compared with an exact run at all checkpoints."""
    exact = dict(zip(checkpoints, loops.engine("affine", task, ro.Affine()).run(checkpoints).states, strict=True))
    return [
        replace(
            loops.engine(f"wavefront, merge_tol={tolerance:g} (approximate)", task, Wavefront(merge_tol=tolerance)),
            reference=exact,
            tolerance=10 * tolerance,
        )
        for tolerance in tolerances
    ]


def _precise(name: str, title: str, task: Task, steps: int, methods: list[Method]) -> Workload:
    """In float64 late checkpoints agree as well, so the reference has some."""
    made = _workload(name, title, task, list(range(1, steps + 1)), methods)
    late = tasks.reference(task, [steps // 2, steps])
    return replace(made, reference=made.reference | late, tolerance=FLOAT64_TOLERANCE)


def cyclic(quick: bool) -> Iterator[Workload]:
    """The same batches over and over: words share prefixes."""
    period, steps = (40, 60) if quick else (50, 2000)
    task = tasks.digits(steps, period)
    expected = period * steps - period * (period - 1) // 2
    methods = [loops.optim_loop(task), *(_exactly(expected, method) for method in _engines(task))]
    title = f"MLP 64-32-10 on digits, K = {period} batches repeated, N = {steps}, every step a checkpoint, float32"
    made = _workload("cyclic", title, task, list(range(1, steps + 1)), methods)
    if made.cost != expected:
        raise AssertionError(f"cyclic: the plan costs {made.cost} evaluations, but K*N - K*(K-1)/2 is {expected}")
    yield made


def _exactly(expected: int, method: Method) -> Method:
    """The method, which must make so many evaluations of T when all checkpoints are asked for."""

    def run(steps: list[int]) -> object:
        outcome = method.run(steps)
        if not method.few and outcome.made != expected:
            raise AssertionError(f"{method.name}: {outcome.made} evaluations, but {expected} are needed")
        return outcome

    return replace(method, run=run)


def growth(quick: bool) -> Iterator[Workload]:
    """Time for an evaluation against the number of steps, and against the number of checkpoints."""
    lengths, counts = ([80, 100], [50, 100]) if quick else ([500, 1000, 2000, 4000, 8000], [10, 50, 200, 400])
    task = tasks.digits(max(lengths))
    # one update for all sizes: what is traced or compiled once serves them all
    methods = _engines(task)[1:3]
    sizes = [(n, 50) for n in lengths] + [(lengths[1], count) for count in counts]
    for steps, count in dict.fromkeys(sizes):
        checkpoints = np.linspace(steps / count, steps, count).round().astype(int).tolist()
        title = f"MLP 64-32-10 on digits, N = {steps}, {count} checkpoints spaced evenly, float32"
        made = _workload(f"growth-{steps}-{count}", title, task, checkpoints, methods)
        yield replace(made, group="growth", size={"steps": steps, "checkpoints": count})


WORKLOADS: dict[str, Callable[[bool], Iterator[Workload]]] = {
    "digits": digits, "fashion": fashion, "cnn": cnn, "diabetes": diabetes, "cyclic": cyclic, "growth": growth,
}  # fmt: skip
