"""One run shared by the workers of an executor: parts of about equal cost, merged in the order asked."""

from __future__ import annotations

import bisect
import os
import threading
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from dataclasses import replace
from functools import partial

import numpy as np

from revorder.engines.tally import Tally
from revorder.errors import DivergedError
from revorder.planning.plan import Plan
from revorder.running.collecting import Collector, progress_bar
from revorder.running.packing import pack, unpack
from revorder.running.watching import OnCheckpoint, Reports
from revorder.trajectories.trajectory import Trajectory

Part = tuple[np.ndarray, int]  # its rows (positions in `plan.steps`), and its cost
NOTHING = pack(None)
GONE = (
    "a worker ended without a word, perhaps for lack of memory: give fewer workers, or look at their logs; and call a "
    "process pool from under `if __name__ == '__main__'`"
)
TURN = threading.Lock()  # torch's random generator and a module's parameters belong to a process, not to a thread


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
    given = {"update": work.keywords["maps"].update, "batches": work.keywords["maps"].batches, "order": plan.order}
    once = os.urandom(8)  # dask names tasks by their arguments: do not meet what was cancelled before
    packed = pack((work, plan.order, once), **given, **work.keywords)
    futures: dict[Future[bytes], Part] = {}
    marks = work.keywords["on_diverge"] == "mark"
    reports = None if on_checkpoint is None else Reports(plan, on_checkpoint, marks)
    collected = Collector(plan, [], None, work.keywords["metrics"], work.keywords["provenance"], reports)
    try:
        for part in split(plan, size(executor)):
            futures[executor.submit(_work, packed, pack(plan.only(part[0])))] = part
        return _gather(futures, collected, progress, marks)
    except BaseException as error:
        for future in futures:
            future.cancel()
        _rescue(futures, collected)
        if isinstance(error, KeyboardInterrupt):
            raise collected.interrupted() from None
        if isinstance(error, BrokenExecutor):
            error.add_note(GONE)
        if not isinstance(error, DivergedError):
            error.trajectory = None  # type: ignore[attr-defined]  # that of its own part is among what was rescued
        collected.hand_over(error)
        raise


def size(executor: Executor) -> int:
    """How many parts to make: one for each worker, since more would repeat shared prefixes and batched calls.

    No public name tells. The standard library's have `_max_workers`, dask's a client; else we count processors here.
    """
    client = getattr(executor, "_client", None)
    workers = getattr(executor, "_max_workers", None) if client is None else len(client.nthreads())
    return workers or os.cpu_count() or 1


def split(plan: Plan, count: int) -> list[Part]:
    """At most `count` parts, the largest as cheap as can be: never above plan.cost / count + the longest word.

    Rows are cut in depth-first order, so words with long common prefixes stay together; what two parts share is
    computed in both. Where another part would not help there are fewer: forward words share all, and stay one part.
    """
    rows = np.argsort(plan.rank, kind="stable")
    walked, alone = plan.rank[rows], plan.lengths[rows]
    limits = range(max(int(alone.max()), -(-plan.cost // count)), plan.cost + 1)
    enough = bisect.bisect_left(limits, True, key=lambda limit: len(_cut(walked, alone, limit)) <= count)
    first = np.array(_cut(walked, alone, limits[enough]))
    cost = alone[first] + walked[np.append(first[1:], len(rows)) - 1] - walked[first]
    return list(zip(np.split(rows, first[1:]), cost.tolist(), strict=True))


def _cut(walked: np.ndarray, alone: np.ndarray, limit: int) -> list[int]:
    """Where parts begin if each takes all the rows that it can have for `limit` evaluations."""
    first, following = [], 0
    while following < len(walked):
        first.append(following)
        affordable = walked[following] + limit - alone[following]
        following = int(np.searchsorted(walked, affordable, side="right"))
    return first


def _work(packed: bytes, part: bytes) -> bytes:
    """In the worker. Divergence is an answer, not an exception, so that what was computed before it comes back."""
    with TURN:
        work, *_ = unpack(packed)
        audit = work.keywords["maps"].audit
        try:
            found = work(unpack(part), progress=False)
            found = replace(found, engine=found.engine.removesuffix(f"; {audit.report()}"))
            return pack((found, audit.checked, audit.gap))
        except DivergedError as error:
            return pack((error, audit.checked, audit.gap))
        except Exception as error:  # a trajectory travels as bytes
            error.reached = pack(vars(error).pop("trajectory", None))  # type: ignore[attr-defined]
            error.__notes__ = []
            raise


def _rescue(futures: dict[Future[bytes], Part], collected: Collector) -> None:
    """Take over what parts have reached that are over, and were not taken over before."""
    collected.reports = None  # nobody is called any more
    for future, (rows, _) in futures.items():
        if not future.done() or future.cancelled() or collected.done[rows].any() or collected.marked[rows].any():
            continue
        error = future.exception()
        answer = unpack(future.result())[0] if error is None else unpack(getattr(error, "reached", NOTHING))
        reached = answer.trajectory if isinstance(answer, DivergedError) else answer
        if reached is not None:
            collected.merge(rows, reached)


def _gather(futures: dict[Future[bytes], Part], collected: Collector, progress: bool, mark: bool) -> Trajectory:
    """Merge what comes back; under `mark`, a part that diverged did so at all its checkpoints."""
    diverged, engines, audit = [], set[str](), Tally()
    with progress_bar(collected.plan, sum(cost for _, cost in futures.values()), progress) as bar:
        for future in as_completed(futures):
            rows, cost = futures[future]
            answer, *checked = unpack(future.result())
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
    collected.notes += [" / ".join(sorted(engines)), f"in {len(futures)} part{'s'[: len(futures) > 1]}", audit.report()]
    if diverged and not (mark and collected.done.any()):
        collected.marked[:] = False
        first = min(diverged, key=lambda error: error.step)
        first.trajectory = collected.partial()
        raise first
    return collected.trajectory()
