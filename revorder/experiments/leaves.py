"""A worker's leave to go on with its job: who may write into a folder, and what ends with whom.

While workers are wanted, the result folder has a file `writer` with the token of their run; one word more asks them for
a snapshot. Where it is gone, or has another token, their run has ended or another has taken over: they write nothing.
"""

from __future__ import annotations

import multiprocessing
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from revorder.data.files import write
from revorder.experiments.stopping import Stop, StoppedError
from revorder.running.workers import before_the_end, end_with_parent

PLACE, STOP = "writer", "stop"
EVERY = 0.5  # seconds between two looks at the file
GRACE = 60.0  # seconds that a worker has for its snapshot
_live: set[Leave] = set()  # of the jobs that this process carries out now
_follows: set[int] = set()  # the parents whose Ctrl-C and end this process hears
_orphaned = threading.Event()  # this process has lost its parent


@contextmanager
def writer(folder: Path) -> Iterator[str]:
    """Be the run that workers write for, whoever else's were left; gives its token."""
    token, process = secrets.token_hex(8), os.getpid()
    write(folder / PLACE, token)
    try:
        yield token
    finally:
        if os.getpid() == process:  # and not a child of it, which was forked in the middle
            (folder / PLACE).unlink(missing_ok=True)


def ask_to_stop(folder: Path, token: str) -> None:
    """Ask all workers of a run for a snapshot, or, where the disk has no room for any, to end without."""
    try:
        write(folder / PLACE, f"{token} {STOP}")
    except OSError:
        (folder / PLACE).unlink(missing_ok=True)


class Leave:
    """A run's or a worker's leave to go on; asked like a `threading.Event` whether to stop.

    Args:
        stop: asks for a stop, too.
    """

    def __init__(self, folder: Path, token: str, stop: threading.Event | None = None):
        self.path, self.token, self.stop = folder / PLACE, token, stop
        self.asked, self.looked = False, -EVERY

    def is_set(self) -> bool:
        """Whether to stop, with a snapshot.

        Raises:
            StoppedError: without one, since the run has ended, another has taken over, or the folder is gone.
        """
        self.asked |= self.stop is not None and self.stop.is_set()
        if self.asked or time.monotonic() - self.looked >= EVERY:
            self.look()
        return self.asked

    def set(self) -> None:
        """Stop at the next evaluation."""
        self.asked = True

    def look(self) -> bool:
        """As `is_set`, but not from memory: before anything is written."""
        self.looked = time.monotonic()
        try:
            token, _, word = self.path.read_text().partition(" ")
        except FileNotFoundError:
            there = self.path.parent.is_dir()
            said = "has ended" if there else "has lost its folder; go on with it where it is now, if it was moved"
            raise StoppedError(f"the run in {self.path.parent} {said}") from None
        if token != self.token:
            raise StoppedError(f"another run has taken over {self.path.parent}")
        self.asked |= word == STOP
        return self.asked

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
        if _orphaned.is_set() or self.look():
            raise StoppedError(f"the run in {self.path.parent} begins no job any more")


def looking(stop: Stop | None) -> Callable[[], object]:
    """What to call before a file is moved to its place: it raises where that is another's by now; see `Leave.look`."""
    return stop.look if isinstance(stop, Leave) else bool


@contextmanager
def working(leave: Leave | None, parent: int | None) -> Iterator[None]:
    """While a job runs in a child process: Ctrl-C, which a whole terminal hears, and the parent's end ask to stop."""
    if leave is None or parent is None:
        yield
        return
    leave.begin()
    if os.getpid() != parent:
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
        before_the_end(_leave)
        end_with_parent()


def _stop_all() -> None:
    for leave in list(_live):
        leave.set()


def _leave() -> None:
    """Begin no job any more, and let those under way write a snapshot."""
    _orphaned.set()
    _stop_all()
    end = time.monotonic() + GRACE
    while _live and time.monotonic() < end:
        time.sleep(0.05)
