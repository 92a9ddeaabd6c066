"""Processes of a pool: how they begin, and that they end when the process that they work for is gone.

Python's own wait for ever for the next piece of work of a parent that was killed.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psutil
import torch

MOST = 1024  # threads of one process
EVERY = 0.5  # seconds between two looks at the parent
_endings: list[Callable[[], None]] = []
_following = threading.Lock()  # taken once


def start_worker(threads: int = 1) -> None:
    """Begin a process of a pool, as in `ProcessPoolExecutor(8, initializer=ro.start_worker)`.

    It has so many threads of torch, and ends when its parent does, however that ends. Without it, a worker begins with
    as many threads as the machine has cores, and one that has no work yet waits for ever when its parent is killed.

    Args:
        threads: for each process; all of them together should be no more than there are cores.

    Raises:
        ValueError: `threads` is no whole number from 1 to 1024.
    """
    if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= MOST:
        raise ValueError(f"threads: got {threads!r}, but it must be a whole number from 1 to {MOST}")
    torch.set_num_threads(threads)
    end_with_parent()


def end_with_parent() -> None:
    """End this process once the one that started it has ended, and all `before_the_end` has been done."""
    parent = multiprocessing.parent_process()
    if parent is not None and _following.acquire(blocking=False):
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def before_the_end(do: Callable[[], None]) -> None:
    """Have something done before this process ends with its parent."""
    _endings.append(do)


def _look_for(pid: int) -> None:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            time.sleep(EVERY)


def _end_after(parent: Any) -> None:
    if parent.sentinel is None:  # loky, the pool of joblib, gives its workers none to wait for
        _look_for(parent.pid)
    else:
        parent.join()
    for do in _endings:
        do()
    os._exit(1)
