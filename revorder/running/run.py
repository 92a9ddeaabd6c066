"""Run: an update on batches in a composition order, observed at checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

import numpy as np

from revorder.engines.auto import Auto
from revorder.engines.choice import Engine, choose
from revorder.engines.maps import Maps
from revorder.engines.memory import check_fits
from revorder.errors import DivergedError
from revorder.orders import Order
from revorder.planning.plan import Label, Plan, plan_for
from revorder.pytrees import Tree, check_tensors, clone, finite_rows, is_finite, named_leaves, row
from revorder.running import parallel
from revorder.running.collecting import Collector, RunKeeper, progress_bar
from revorder.trajectories import origins
from revorder.trajectories.trajectory import Trajectory

ON_DIVERGE = ("raise", "mark", "keep")


def run(
    update: Callable[..., Tree],
    start: Tree,
    batches: Any,
    order: str | Order,
    checkpoints: Iterable[int],
    *,
    engine: str | Engine | Auto = "auto",
    labels: Sequence[Label] | None = None,
    record: Callable[[Tree], Tree] | None = None,
    metrics: dict[str, Callable[[Tree], Any]] | None = None,
    executor: Executor | None = None,
    progress: bool = True,
    on_diverge: str = "raise",
) -> Trajectory:
    """Compose an update over batches in any order, and return the states at the checkpoints.

    At checkpoint n the state is the update composed along `order.word(n)`, always from `start`.

    Args:
        update: `update(state, batch, key=None) -> state`, pure. `key` is the batch's label, or its number without
            labels; a function of two arguments is accepted where nothing is random.
        start: the state at step 0, a pytree of tensors; not one of the checkpoints.
        batches: `batches[i]` is batch i: a tensor with a leading step axis, a list, `ro.batches.Minibatches`, or
            any object with `__getitem__` and `__len__`.
        order: a composition order or its text, such as "backward".
        checkpoints: step counts >= 1, in any order, repeats allowed; they come back as asked.
        engine: "auto", "replay", "wavefront", or an engine with options.
        labels: one per batch; equal labels say that batches are the same, so that they share work.
        record: `record(state)` chooses what is kept of a state (default: all of it).
        metrics: name -> function of a state that returns a number.
        executor: a `concurrent.futures.Executor` or dask's `client.get_executor()`: its workers share the checkpoints,
            in parts of about equal cost. States are the same to the last bit under replay, given the same torch,
            kind of processor and number of torch threads. Without cloudpickle (which comes with dask), everything
            that is sent must be picklable: functions defined in a module. Threads take turns: they save no time.
        progress: whether to show a bar, in evaluations of T.
        on_diverge: what to do about a checkpoint whose state is infinite or NaN. "raise" stops the run with a
            `DivergedError`; "mark" goes on, and puts NaN in the place of its numbers (0 where they are integers) and
            metrics; "keep" goes on and keeps what came out.

    Returns:
        A `Trajectory`.

    Raises:
        ValueError, TypeError: bad input; the message names the argument, what it got and what is accepted.
        MemoryError: the states to be kept do not fit; the message says what they need.
        RunInterrupted: a KeyboardInterrupt that carries the checkpoints reached until then.
        DivergedError: a state became infinite or NaN; under "mark", all of them. With an executor it comes when all
            parts are finished, names the smallest step at which one of them failed, and carries what all computed.

    >>> import torch
    >>> halfway = lambda x, batch: x - 0.5 * (x - batch)
    >>> bits = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    >>> run(halfway, torch.zeros((), dtype=torch.float64), bits, "backward", [1, 2, 3], progress=False).states
    tensor([0.5000, 0.5000, 0.6250], dtype=torch.float64)
    """
    _check(start, batches, record, metrics, executor)
    if on_diverge not in ON_DIVERGE:
        raise ValueError(f"on_diverge: got {on_diverge!r}, but it must be one of {', '.join(ON_DIVERGE)}")
    plan = plan_for(order, checkpoints, labels, len(batches))
    maps = Maps(update, batches, plan, labels)
    if record is None:
        check_fits(start, len(plan.steps))
    chosen = choose(engine, update)
    if engine != "auto":
        maps.note(f"{type(chosen).__name__.lower()}: as asked")
    work = partial(carry_out, maps=maps, start=clone(start), engine=chosen, record=record, metrics=metrics or {},
                   on_diverge=on_diverge, provenance=origin(maps, start, plan))  # fmt: skip
    if executor is None:
        return work(plan, progress=progress)
    return parallel.run(executor, work, plan, progress)


def _check(start: Tree, batches: Any, record: object, metrics: object, executor: object) -> None:
    check_tensors("start", start)
    for name, leaf in named_leaves(start):
        if not is_finite(leaf):
            raise ValueError(f"start{name}: holds infinite or NaN numbers, but a start must be finite")
    if not (hasattr(batches, "__getitem__") and hasattr(batches, "__len__")):
        raise TypeError(f"batches: got {batches!r}, but it must have __getitem__ and __len__, as tensors and lists do")
    if record is not None and not callable(record):
        raise TypeError(f"record: got {record!r}, but it must be a function of a state")
    if metrics is not None and not (isinstance(metrics, dict) and all(callable(f) for f in metrics.values())):
        raise TypeError(f"metrics: got {metrics!r}, but it must map names to functions of a state")
    if executor is not None and (isinstance(executor, type) or not hasattr(executor, "submit")):
        raise TypeError(
            f"executor: got {executor!r}, but it must be a concurrent.futures.Executor, such as ProcessPoolExecutor()"
        )
    if hasattr(executor, "get_executor"):
        raise TypeError(f"executor: got {executor!r}, but it must be an executor; use its get_executor()")


def carry_out(
    plan: Plan,
    *,
    engine: Engine | Auto,
    maps: Maps,
    start: Tree,
    record: Callable[[Tree], Tree] | None,
    metrics: dict[str, Callable[[Tree], Any]],
    progress: bool,
    provenance: dict[str, Any],
    keeper: RunKeeper | None = None,
    on_diverge: str = "raise",
) -> Trajectory:
    """Carry a plan out, here or in a worker; or from where a keeper says that it stopped."""
    chosen: Engine = engine.resolve(maps, start, plan) if isinstance(engine, Auto) else engine
    collected = Collector(plan, maps.notes, record, metrics, provenance)
    states: Callable[..., Iterator[tuple[np.ndarray, Tree]]] = chosen.states
    if keeper is not None:
        keeper.watch(collected)
        states = partial(states, keeper=keeper)
    # the affine engine makes fewer products than there are prefixes, which it need not count
    total = chosen.cost(plan) if hasattr(chosen, "cost") else plan.cost
    with progress_bar(plan, total, progress) as bar:

        def advanced(evaluations: int) -> None:
            collected.cost += evaluations
            bar.update(evaluations)

        try:
            _collect(states(maps, start, plan, advanced), collected, on_diverge)
        except KeyboardInterrupt:
            raise collected.interrupted() from None
    if collected.marked.any() and (on_diverge == "raise" or not collected.done.any()):
        raise _diverged(maps, start, plan, collected)
    return collected.trajectory()


def origin(maps: Maps, start: Tree, plan: Plan) -> dict[str, Any]:
    """The provenance of a run: what is known of its update, batches and order besides the machine."""
    seeds = {"order": getattr(plan.order, "seed", None)} | origins.seeds_of(maps.update)
    known = {name: seed for name, seed in seeds.items() if seed is not None}
    record = origins.provenance(next(iter(named_leaves(start)))[1].device, **known)
    digest = getattr(maps.batches, "digest", None)
    return record if digest is None else record | {"batches": digest}


def _collect(states: Iterator[tuple[np.ndarray, Tree]], collected: Collector, on_diverge: str) -> None:
    for rows, reached in states:
        finite = None if on_diverge == "keep" else finite_rows(reached)
        if finite is None or finite.all():
            collected.add(rows, reached)
            continue
        collected.add(rows[finite.numpy()], row(reached, finite))
        collected.mark(rows[~finite.numpy()])
        if on_diverge == "raise":
            return


def _diverged(maps: Maps, start: Tree, plan: Plan, collected: Collector) -> DivergedError:
    """Replay the earliest failing word to name the batch that led out of the finite numbers."""
    failed = min(np.flatnonzero(collected.marked), key=lambda i: plan.steps[i])
    collected.marked[:] = False  # the error carries what was finite
    state, word = start, plan.words[failed]
    for position, number in enumerate(word.tolist()):  # noqa: B007 (used after the loop)
        state = maps(int(plan.letters[number]), state)
        if not is_finite(state):
            break
    batch = maps.batches[number]
    cause = "lower the learning rate"
    if not is_finite(batch):
        cause = f"batches: batch {number} itself holds infinite or NaN numbers; clean the data"
    return DivergedError(
        f"the state at step {plan.steps[failed]} of {plan.order} is not finite since batch {number} "
        f"(position {position} of its word); {cause}",
        step=plan.steps[failed],
        position=position,
        batch=number,
        order=plan.order,
        trajectory=collected.partial(),
    )
