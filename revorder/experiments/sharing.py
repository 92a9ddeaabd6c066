"""Jobs shared among the workers of an executor: who may write, how they are told to stop, what ends with their parent.

While workers are wanted, the result folder has a file `writer` with the token of their run. Its absence asks them for a
snapshot; another token says that another run has taken over, and that they must write nothing any more.
"""

from __future__ import annotations

import multiprocessing
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from revorder.data.files import write
from revorder.experiments.folders import Folder
from revorder.experiments.job import Job
from revorder.experiments.noting import note
from revorder.experiments.stopping import StoppedError

if TYPE_CHECKING:
    from revorder.experiments.work import Work

PLACE = "writer"
EVERY = 0.5  # seconds between two looks at the file
GRACE = 60.0  # seconds that an orphan has for its snapshot
_live: set[Leave] = set()  # of the jobs that this process carries out now
_follows: set[int] = set()  # the parents that this process ends with


class Leave:
    """A worker's leave to go on; asked like a `threading.Event` whether to stop."""

    def __init__(self, folder: Path, token: str):
        self.path, self.token = folder / PLACE, token
        self.asked, self.looked = False, -EVERY

    def is_set(self) -> bool:
        """Whether to stop, with a snapshot.

        Raises:
            StoppedError: another run has taken over: without one.
        """
        if self.asked or time.monotonic() - self.looked >= EVERY:
            self.asked |= not self.stands()
        return self.asked

    def set(self) -> None:
        """Stop at the next evaluation."""
        self.asked = True

    def stands(self) -> bool:
        """Whether the run still wants its workers. Raises as `is_set` does."""
        self.looked = time.monotonic()
        try:
            found = self.path.read_text()
        except FileNotFoundError:
            return False
        if found != self.token:
            raise StoppedError(f"another run has taken over {self.path.parent}")
        return True

    def begin(self) -> None:
        """Look before a job is begun.

        Raises:
            ValueError: the folder is not there for this worker.
            StoppedError: its run wants no workers any more.
        """
        if not self.path.parent.is_dir():
            raise ValueError(
                f"out: {self.path.parent} is not there for the worker on {socket.gethostname()}; give a folder that "
                "all workers see under the same absolute path"
            )
        if not self.stands():
            raise StoppedError("its run has ended")


@contextmanager
def working(leave: Leave | None, parent: int | None) -> Iterator[None]:
    """While a job runs in a child process: Ctrl-C, which a whole terminal hears, and the parent's end ask to stop."""
    if leave is None or parent is None or os.getpid() == parent:
        yield
        return
    leave.begin()
    _follow(parent)
    _live.add(leave)
    try:
        yield
    finally:
        _live.discard(leave)


def _follow(parent: int) -> None:
    """Once in a process: hear what is said to the run."""
    if parent in _follows:
        return
    _follows.add(parent)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, lambda number, frame: _stop_all())
    above = multiprocessing.parent_process()
    if above is not None and above.pid == parent:
        threading.Thread(target=_end_with, args=(above,), daemon=True).start()


def _stop_all() -> None:
    for leave in list(_live):
        leave.set()


def _end_with(parent: Any) -> None:
    """A pool's workers would wait for ever for a parent that was killed."""
    parent.join()
    _stop_all()
    end = time.monotonic() + GRACE
    while _live and time.monotonic() < end:
        time.sleep(0.05)
    os._exit(1)


@contextmanager
def writer(folder: Folder) -> Iterator[str]:
    """Be the run that workers write for, whoever else's were left; gives its token."""
    token = secrets.token_hex(8)
    write(folder.path / PLACE, token)
    try:
        yield token
    finally:
        (folder.path / PLACE).unlink(missing_ok=True)


def share(work: Work, waiting: list[Job], executor: Executor, stop: threading.Event) -> None:
    """Let workers carry out jobs; whatever happens, none of them writes any more when this returns or raises.

    Raises:
        StoppedError: `stop` was set; jobs under way have written a snapshot, or were finished.
        Exception: what the first job that failed raised; the others were stopped in the same way.
    """
    folder, futures = Folder(work.path), dict[Future[dict[str, Any]], Job]()
    failed: BaseException | None = None
    try:
        for job in waiting:
            futures[executor.submit(work, job)] = job
    except Exception as error:  # the pool is broken, or shut down
        failed = error
    finished, left = 0, set(futures)
    while left:
        if failed or stop.is_set():
            _ask_to_stop(folder, left, executor)
        done, left = wait(left, timeout=EVERY, return_when=FIRST_COMPLETED)
        for future in done:
            wrong = _noted(folder, futures[future], future)
            finished += wrong is None
            failed = failed or (None if isinstance(wrong, StoppedError) else wrong)
    _say(failed, stop, finished, len(waiting))


def _noted(folder: Folder, job: Job, future: Future[dict[str, Any]]) -> BaseException | None:
    """Note a job that is over, if it was finished; else what ended it."""
    if future.cancelled():
        return StoppedError(f"{job} was not begun")
    error = future.exception()
    if error is None:
        try:
            note(folder, job, future.result())
        except Exception as full:  # the disk, perhaps
            return full
    return error


def _ask_to_stop(folder: Folder, left: set[Future[dict[str, Any]]], executor: Executor) -> None:
    (folder.path / PLACE).unlink(missing_ok=True)
    if isinstance(executor, ProcessPoolExecutor | ThreadPoolExecutor):  # others may forget what already runs
        for future in left:
            future.cancel()


def _say(failed: BaseException | None, stop: threading.Event, finished: int, jobs: int) -> None:
    said = f"{finished} of {jobs} jobs were finished, those under way have a snapshot"
    if stop.is_set():
        raise StoppedError(f"stopped: {said}")
    if failed is not None:
        failed.add_note(f"{said}; go on with resume=True once the cause is mended")
        raise failed
    if finished < jobs:
        raise StoppedError(f"stopped by somebody who took {PLACE!r} away: {said}")
