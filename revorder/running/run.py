"""Run: an update on batches in a composition order, observed at checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from functools import partial
from typing import Any

from revorder.engines.auto import Auto
from revorder.engines.blame import data_hint
from revorder.engines.choice import Engine, choose
from revorder.engines.maps import Maps
from revorder.engines.memory import check_fits
from revorder.orders import Order
from revorder.planning.plan import plan_for
from revorder.planning.words import Label
from revorder.pytrees import Tree, check_tensors, clone, is_finite, named_leaves
from revorder.running import parallel
from revorder.running.carrying import carry_out, origin
from revorder.running.checks import check_executor, check_observers
from revorder.running.forks import heed
from revorder.running.watching import OnCheckpoint, check_callback
from revorder.showing import LINE, cut
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
    on_checkpoint: OnCheckpoint | None = None,
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
        labels: one per batch; equal labels say that batches are the same, so that they share work. Some pairs are
            compared.
        record: `record(state)` chooses what is kept of a state (default: all of it).
        metrics: name -> function of a state that returns a number.
        executor: a `concurrent.futures.Executor` or dask's `client.get_executor()`: its workers share the checkpoints,
            in parts of about equal cost. States are the same to the last bit under replay, given the same torch,
            kind of processor and number of torch threads (on a GPU, for convolutions, with
            `torch.backends.cudnn.deterministic` only). Without cloudpickle (which comes with dask), everything
            that is sent must be picklable: functions defined in a module. Threads take turns: they save no time.
            Make a `ProcessPoolExecutor` with mp_context=multiprocessing.get_context("spawn"). Workers that are forked,
            as Linux does by default up to Python 3.13, would wait for ever for the threads of torch, which do not come
            along: they compute on one thread each, and a RuntimeWarning says so.
        progress: whether to show a bar, in evaluations of T.
        on_diverge: what to do about a checkpoint whose state is infinite or NaN. "raise" stops the run with a
            `DivergedError`; "mark" goes on, and puts NaN in the place of its numbers (0 where they are integers) and
            metrics; "keep" goes on and keeps what came out.
        on_checkpoint: function of a `Checkpoint`, called in this thread for every step of `checkpoints`, once, as soon
            as it is reached: under replay word by word, in the wavefront at the end of the words (those of backward
            order all end together), under affine in blocks, with an executor part by part. What it returns is ignored;
            what it raises ends the run.

    Returns:
        A `Trajectory`. Its `engine` says what ran, how many steps of it were compared with the plain step, and whether
        the run had to be made again with fewer shortcuts (see the README, "What every run checks").

    Raises:
        ValueError, TypeError: bad input; the message names the argument, what it got and what is accepted.
        MemoryError: the states to be kept do not fit, and the message says what they need; or memory ran out later.
        CallbackError: `on_checkpoint` raised something; carries the checkpoints reached until then.
        RunInterrupted: a KeyboardInterrupt that carries the checkpoints reached until then.
        DivergedError: a state became infinite or NaN; under "mark", all of them. With an executor it comes when all
            parts are finished, names the smallest step at which one of them failed, and carries what all computed.
        Exception: whatever else ends the run, such as what an executor says of workers that are gone. It carries the
            checkpoints reached until then as its `trajectory`, and says in a note how many they are.

    >>> import torch
    >>> halfway = lambda x, batch: x - 0.5 * (x - batch)
    >>> bits = torch.tensor([1.0, 0.0, 1.0], dtype=torch.float64)
    >>> run(halfway, torch.zeros((), dtype=torch.float64), bits, "backward", [1, 2, 3], progress=False).states
    tensor([0.5000, 0.5000, 0.6250], dtype=torch.float64)
    """
    heed()
    _check(start, batches, record, metrics, executor)
    check_callback(on_checkpoint)
    if on_diverge not in ON_DIVERGE:
        raise ValueError(f"on_diverge: got {on_diverge!r}, but it must be one of {', '.join(ON_DIVERGE)}")
    try:
        plan = plan_for(order, checkpoints, labels, len(batches))
    except ValueError as error:
        raise type(error)("\n  ".join([str(error), *data_hint(batches)])) from error
    maps = Maps(update, batches, plan, labels)
    if record is None:
        check_fits(start, len(plan.steps))
    chosen = choose(engine, update)
    if engine != "auto":
        maps.note(f"{type(chosen).__name__.lower()}: as asked")
    work = partial(carry_out, maps=maps, start=clone(start), engine=chosen, record=record, metrics=metrics or {},
                   on_diverge=on_diverge, provenance=origin(maps, start, plan))  # fmt: skip
    if executor is None:
        return work(plan, progress=progress, on_checkpoint=on_checkpoint)
    return parallel.run(executor, work, plan, progress, on_checkpoint)


def _check(start: Tree, batches: Any, record: object, metrics: object, executor: object) -> None:
    check_tensors("start", start)
    if not is_finite(start):
        name = next(name for name, leaf in named_leaves(start) if not is_finite(leaf))
        raise ValueError(f"start{name}: holds infinite or NaN numbers, but a start must be finite")
    if not (hasattr(batches, "__getitem__") and hasattr(batches, "__len__")):
        raise TypeError(
            f"batches: got {cut(repr(batches), LINE)}, but it must have __getitem__ and __len__, as tensors and lists "
            "do"
        )
    check_observers(record, metrics)
    check_executor(executor)
