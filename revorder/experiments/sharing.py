"""Jobs shared among the workers of an executor: noted as they come back, and stopped together."""

from __future__ import annotations

import math
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from revorder.experiments.folders import Folder
from revorder.experiments.job import Job
from revorder.experiments.leaves import EVERY, GRACE, PLACE, ask_to_stop
from revorder.experiments.noting import kept_line, note
from revorder.experiments.stopping import StoppedError
from revorder.running.losses import explain, taking_work

if TYPE_CHECKING:
    from revorder.experiments.work import Work

Futures = dict[Future[dict[str, Any]], Job]


def share(work: Work, waiting: list[Job], executor: Executor, stop: threading.Event) -> None:
    """Let workers carry out jobs; whatever happens, none of them writes any more when this returns or raises.

    One that does not answer within `GRACE` seconds, when asked to stop, has lost its leave and is waited for no longer.

    Raises:
        StoppedError: `stop` was set; jobs under way have written a snapshot, or were finished.
        Exception: what the first job that failed raised; the others were stopped in the same way.
    """
    futures, failed = _submitted(work, waiting, executor)
    folder, finished, left, end = Folder(work.path), 0, set(futures), math.inf
    while left and time.monotonic() < end:
        if (failed or stop.is_set()) and end == math.inf:
            end = time.monotonic() + GRACE
            ask_to_stop(work.path, str(work.token))
            _cancel(left, executor)
        over = _over(left, work)
        left -= over
        for future in over:
            wrong = _noted(folder, futures[future], future, end < math.inf)
            finished += wrong is None
            failed = failed or (None if isinstance(wrong, StoppedError) else wrong)
    if end == math.inf and any(future.cancelled() for future in futures):  # their workers may still live
        ask_to_stop(work.path, str(work.token))
        time.sleep(2 * EVERY)
    _say(failed, stop, f"{finished} of {len(waiting)}", len(left))
    if finished < len(waiting):
        raise StoppedError(f"stopped, since somebody took {work.path / PLACE} away: {finished} jobs were finished")


def _over(left: set[Future[dict[str, Any]]], work: Work) -> set[Future[dict[str, Any]]]:
    """What comes back within a moment; those of an interrupt end, unheard, before the lock is released."""
    try:
        over = wait(left, timeout=EVERY, return_when=FIRST_COMPLETED).done
    except BaseException:  # a second Ctrl-C
        (work.path / PLACE).unlink(missing_ok=True)
        wait(left, timeout=2 * EVERY)
        raise
    return over | {future for future in left if future.cancelled()}  # by a shutdown, which tells no one who waits


def _submitted(work: Work, waiting: list[Job], executor: Executor) -> tuple[Futures, BaseException | None]:
    """All jobs, or those until the executor took no more, and why."""
    futures: Futures = {}
    try:
        for job in waiting:
            with taking_work():
                made = executor.submit(work, job)
            futures[_future(made)] = job
    except Exception as error:
        return futures, error
    return futures, None


def _future(made: Any) -> Future[dict[str, Any]]:
    if not isinstance(made, Future):
        raise TypeError(f"executor: its submit returned {made!r}, but it must be a concurrent.futures.Future")
    return made


def _noted(folder: Folder, job: Job, future: Future[dict[str, Any]], asked: bool) -> BaseException | None:
    """Note a job that is over, if it was finished; else what ended it."""
    gone = RuntimeError(f"executor: it dropped {job}, so it was shut down or its cluster closed; give another one")
    error = (StoppedError(f"{job} was not begun") if asked else gone) if future.cancelled() else future.exception()
    try:
        line = future.result() if error is None else kept_line(folder, job)
        if line is not None:
            note(folder, job, line)
            return None
    except Exception as full:  # the disk, perhaps
        return full
    return error


def _cancel(left: set[Future[dict[str, Any]]], executor: Executor) -> None:
    if isinstance(executor, ProcessPoolExecutor | ThreadPoolExecutor):  # others may forget what already runs
        for future in left:
            future.cancel()


def _say(failed: BaseException | None, stop: threading.Event, finished: str, lost: int) -> None:
    said = f"{finished} jobs were finished, those under way go on from their last snapshot"
    said += f", but {lost} did not answer within {GRACE:g} s and write nothing any more" if lost else ""
    if stop.is_set():
        raise StoppedError(f"stopped: {said}")
    if failed is not None:
        explain(failed)
        failed.add_note(f"{said}; go on with resume=True once the cause is mended")
        raise failed
