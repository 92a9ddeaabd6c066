"""Run: an update on batches in a composition order, observed at checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree
from tqdm.auto import tqdm

from revorder import engines
from revorder.engines import Engine, Maps
from revorder.errors import DivergedError, NotBatchableError
from revorder.orders import Order
from revorder.planning import Label, Plan, plan_for
from revorder.pytrees import (
    Tree,
    check_tensors,
    clone,
    describe,
    finite_rows,
    is_finite,
    layout,
    named_leaves,
    row,
    stack,
)
from revorder.trajectory import Trajectory


def run(
    update: Callable[..., Tree],
    start: Tree,
    batches: Any,
    order: str | Order,
    checkpoints: Iterable[int],
    *,
    engine: str | Engine = "auto",
    labels: Sequence[Label] | None = None,
    record: Callable[[Tree], Tree] | None = None,
    metrics: dict[str, Callable[[Tree], Any]] | None = None,
    progress: bool = True,
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
        progress: whether to show a bar, in evaluations of T.

    Returns:
        A `Trajectory`.

    Raises:
        ValueError, TypeError: bad input; the message names the argument, what it got and what is accepted.
        DivergedError: a state became infinite or NaN.

    >>> halfway = lambda x, batch: x - 0.5 * (x - batch)
    >>> bits = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    >>> run(halfway, torch.zeros((), dtype=torch.float64), bits, "backward", [1, 2, 3], progress=False).states
    tensor([0.5000, 0.5000, 0.6250], dtype=torch.float64)
    """
    _check(start, batches, record, metrics)
    plan = plan_for(order, checkpoints, labels, len(batches))
    maps = Maps(update, batches, plan, labels)
    chosen, why = engines.choose(engine, update, plan)
    start = clone(start)
    try:
        return _carry_out(chosen, why, maps, start, plan, record, metrics, progress)
    except NotBatchableError as error:
        if engine != "auto":
            raise
        why = f"the update does not run under torch.vmap: {error.__cause__}"
        return _carry_out(engines.Replay(), why, maps, start, plan, record, metrics, progress)


def _check(start: Tree, batches: Any, record: object, metrics: object) -> None:
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


def _carry_out(
    engine: Engine,
    why: str,
    maps: Maps,
    start: Tree,
    plan: Plan,
    record: Callable[[Tree], Tree] | None,
    metrics: dict[str, Callable[[Tree], Any]] | None,
    progress: bool,
) -> Trajectory:
    collected = _Collector(plan, f"{type(engine).__name__.lower()}: {why}", record, metrics or {})
    with tqdm(total=plan.cost, desc=str(plan.order), unit=" T", disable=not progress, leave=False, delay=0.5) as bar:

        def advanced(evaluations: int) -> None:
            collected.cost += evaluations
            bar.update(evaluations)

        for rows, states in engine.states(maps, start, plan, advanced):
            finite = finite_rows(states)
            if finite is None or finite.all():
                collected.add(rows, states)
                continue
            collected.add(rows[finite.numpy()], row(states, finite))
            raise _diverged(maps, start, plan, rows[~finite.numpy()], collected)
    return collected.trajectory()


class _Collector:
    """Gathers what is recorded, in the order in which the checkpoints were asked for."""

    def __init__(self, plan: Plan, engine: str, record: Callable[[Tree], Tree] | None, metrics: dict[str, Callable]):
        self.plan, self.engine, self.record, self.metrics = plan, engine, record, metrics
        self.cost = 0
        self.done = np.zeros(len(plan.steps), dtype=bool)
        self.kept: Tree = None
        self.kind: object = None
        self.values = {name: np.full(len(plan.steps), np.nan) for name in metrics}

    def add(self, rows: np.ndarray, states: Tree) -> None:
        if not rows.size:
            return
        kept = states
        if self.record is not None:
            kept = stack([self.record(row(states, i)) for i in range(len(rows))])
        self._keep(rows, kept)
        for name, metric in self.metrics.items():
            self.values[name][rows] = [_number(name, metric(row(states, i))) for i in range(len(rows))]
        self.done[rows] = True

    def _keep(self, rows: np.ndarray, kept: Tree) -> None:
        kind = layout(row(kept, 0))
        if self.kept is None and None not in kind[1]:
            count = len(self.plan.steps)
            self.kept = pytree.tree_map(lambda leaf: leaf.new_empty((count, *leaf.shape[1:])), kept)
            self.kind = kind
        if kind != self.kind:
            raise ValueError(
                f"record: what is kept of the states cannot be stacked ({describe(row(kept, 0))}): it changes its "
                "layout between checkpoints or is not made of tensors; keep less, as in record=update.params"
            )
        for out, new in zip(pytree.tree_leaves(self.kept), pytree.tree_leaves(kept), strict=True):
            out[torch.from_numpy(rows).to(out.device)] = new

    def trajectory(self) -> Trajectory:
        """What was gathered: of all checkpoints, or, after a failure, of those that were reached."""
        states, values = self.kept, self.values
        if not self.done.all():
            states = row(states, torch.from_numpy(self.done))
            values = {name: numbers[self.done] for name, numbers in values.items()}
        steps = [n for n, done in zip(self.plan.steps, self.done, strict=True) if done]
        return Trajectory(str(self.plan.order), steps, states, values, self.cost, self.engine)


def _number(name: str, value: Any) -> float:
    if isinstance(value, torch.Tensor):
        if value.numel() != 1:
            raise ValueError(f"metrics[{name!r}]: got shape {tuple(value.shape)}, but a metric must be one number")
        return float("nan") if value.is_meta else value.item()
    return float(value)


def _diverged(maps: Maps, start: Tree, plan: Plan, rows: np.ndarray, collected: _Collector) -> DivergedError:
    """Replay the earliest failing word to name the batch that led out of the finite numbers."""
    failed = min(rows, key=lambda i: plan.steps[i])
    state, word = start, plan.words[failed]
    for position, number in enumerate(word.tolist()):  # noqa: B007 (used after the loop)
        state = maps(int(plan.letters[number]), state)
        if not is_finite(state):
            break
    batch = maps.batches[number]
    cause = "lower the learning rate"
    if not all(is_finite(leaf) for _, leaf in named_leaves(batch)):
        cause = f"batches: batch {number} itself holds infinite or NaN numbers; clean the data"
    return DivergedError(
        f"the state at step {plan.steps[failed]} of {plan.order} is not finite since batch {number} "
        f"(position {position} of its word); {cause}",
        step=plan.steps[failed],
        position=position,
        batch=number,
        order=plan.order,
        trajectory=collected.trajectory() if collected.done.any() else None,
    )
