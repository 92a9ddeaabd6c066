"""One run shared by the workers of an executor: parts of about equal cost, merged in the order asked."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import replace
from functools import partial
from queue import SimpleQueue

from revorder.engines.tally import Tally
from revorder.errors import DivergedError
from revorder.planning.plan import Plan
from revorder.running import losses
from revorder.running.collecting import Collector, progress_bar
from revorder.running.forks import ALONE, WORDS, fork
from revorder.running.packing import pack, unpack
from revorder.running.parts import Part, split
from revorder.running.turns import check_place, turn
from revorder.running.watching import OnCheckpoint, Reports
from revorder.trajectories.trajectory import Trajectory

NOTHING = pack(None)


def run(
    executor: Executor, work: partial[Trajectory], plan: Plan, progress: bool, on_checkpoint: OnCheckpoint | None = None
) -> Trajectory:
    """Let workers carry out `work(part, progress=False)` for all parts of a plan, and merge what they return.

    Raises:
        TypeError: something cannot be pickled; the message names the argument.
        DivergedError: of all parts that diverged, the one with the smallest step; all parts are waited for.
        Exception: what a worker raised, as it is, or what the executor says of a worker that is gone; its `trajectory`
            has what was reached, of all parts that have come back. Parts that have not begun are cancelled.
    """
    check_place(executor)
    given = {"update": work.keywords["maps"].update, "batches": work.keywords["maps"].batches, "order": plan.order}
    once = os.urandom(8)  # dask names tasks by their arguments: do not meet what was cancelled before
    packed = pack((work, plan.order, once), **given, **work.keywords)
    futures: dict[Future[bytes], Part] = {}
    marks = work.keywords["on_diverge"] == "mark"
    reports = None if on_checkpoint is None else Reports(plan, on_checkpoint, marks)
    collected = Collector(plan, [], None, work.keywords["metrics"], work.keywords["provenance"], reports)
    try:
        _submit(executor, packed, plan, futures)
        return _gather(futures, collected, progress, marks)
    except BaseException as error:
        for future in futures:
            future.cancel()
        _rescue(futures, collected)
        if isinstance(error, KeyboardInterrupt):
            raise collected.interrupted() from None
        losses.explain(error)
        collected.end(error)


def _submit(executor: Executor, packed: bytes, plan: Plan, futures: dict[Future[bytes], Part]) -> None:
    """Give the parts of a plan to an executor, and note which they are.

    Raises:
        RuntimeError: it takes no work.
    """
    with losses.taking_work():
        parts = split(plan, size(executor))
    for part in parts:
        sent = pack(plan.only(part[0]))
        with losses.taking_work():
            futures[executor.submit(_work, packed, sent)] = part


def size(executor: Executor) -> int:
    """How many parts to make: one for each worker, since more would repeat shared prefixes and batched calls.

    No public name tells. The standard library's have `_max_workers`, dask's a client; else we count processors here.
    """
    client = getattr(executor, "_client", None)
    workers = getattr(executor, "_max_workers", None) if client is None else len(client.nthreads())
    return workers or os.cpu_count() or 1


def _work(packed: bytes, part: bytes) -> bytes:
    """In the worker. What is no Exception is an answer, which no executor takes for an order to itself.

    So is divergence, so that what was computed before it comes back.
    """
    fork.settle()
    with turn():
        work, *_ = unpack(packed)
        audit = work.keywords["maps"].audit
        try:
            found = work(unpack(part), progress=False)
            found = replace(found, engine=found.engine.removesuffix(f"; {audit.report()}"))
            return pack((found, audit.checked, audit.gap))
        except DivergedError as error:
            return pack((error, audit.checked, audit.gap))
        except BaseException as error:
            answer = None if isinstance(error, Exception) else _packed(error)
            if answer is not None:
                return answer
            error.reached = pack(vars(error).pop("trajectory", None))  # type: ignore[attr-defined]  # as bytes it travels
            raise


def _packed(error: BaseException) -> bytes | None:
    """An error as an answer; None for one that cannot be made again from what it says."""
    with suppress(Exception):
        packed = pack((error,))
        unpack(packed)
        return packed
    return None


def _rescue(futures: dict[Future[bytes], Part], collected: Collector) -> None:
    """Take over what parts have reached that are over, and were not taken over before."""
    collected.reports = None  # nobody is called any more
    for future, (rows, _) in futures.items():
        if not future.done() or future.cancelled() or collected.done[rows].any() or collected.marked[rows].any():
            continue
        with suppress(Exception):  # one that cannot be read, or for which there is no room, must not hide the error
            if (reached := _reached(future)) is not None:
                collected.merge(rows, reached)


def _reached(future: Future[bytes]) -> Trajectory | None:
    """What a part has reached that is over, well or not."""
    error = future.exception()
    answer = unpack(future.result())[0] if error is None else unpack(vars(error).pop("reached", NOTHING))
    found: Trajectory | None = getattr(answer, "trajectory", None) if isinstance(answer, BaseException) else answer
    return found


def _finished(futures: dict[Future[bytes], Part]) -> Iterator[Future[bytes]]:
    """The futures as they end; also those that are cancelled, of which `as_completed` never hears in some pools."""
    done = SimpleQueue[Future[bytes]]()
    for future in futures:
        future.add_done_callback(done.put)
    for _ in futures:
        yield done.get()


def _gather(futures: dict[Future[bytes], Part], collected: Collector, progress: bool, mark: bool) -> Trajectory:
    """Merge what comes back; under `mark`, a part that diverged did so at all its checkpoints."""
    diverged, engines, audit = [], set[str](), Tally()
    with progress_bar(collected.plan, sum(cost for _, cost in futures.values()), progress) as bar:
        for future in _finished(futures):
            rows, cost = futures[future]
            answer, *checked = unpack(future.result())
            if isinstance(answer, BaseException) and not isinstance(answer, DivergedError):
                raise answer
            audit.add(*checked)
            if isinstance(answer, DivergedError):
                diverged.append(answer)
                answer = answer.trajectory
                if mark:
                    collected.mark(rows)
                    collected.show(rows)
            if answer is not None:
                collected.merge(rows, answer)
                engines.add(answer.engine)
            bar.update(cost)
    if any(ALONE in engine for engine in engines):
        warnings.warn(WORDS, RuntimeWarning, stacklevel=4)
    collected.notes += [" / ".join(sorted(engines)), f"in {len(futures)} part{'s'[: len(futures) > 1]}", audit.report()]
    if diverged and not (mark and collected.done.any()):
        collected.marked[:] = False
        first = min(diverged, key=lambda error: error.step)
        first.trajectory = collected.partial()
        raise first
    return collected.trajectory()
