"""Faults that are planted in the library, in the processes that run experiments: the torture must notice each."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock

from revorder.data import files
from revorder.experiments import Folder, StoppedError, digests, folders, leaves, running
from revorder.trajectories import storage

_held: list[FileLock] = []  # the lock of this process, which `early` gives back too soon


def lock() -> None:
    """The lock is given back as soon as it was taken."""
    inner = Folder.locked

    @contextmanager
    def locked(self: Folder) -> Iterator[None]:
        with inner(self):
            pass
        yield

    _put(Folder, "locked", locked)


def early() -> None:
    """The lock is given back when a stop is asked for, before those who work are through; see `event`."""

    def made(path: Path, timeout: float) -> FileLock:
        _held.append(FileLock(path, timeout=timeout, thread_local=False))
        return _held[-1]

    _put(folders, "FileLock", made)


class Early(threading.Event):
    """A stop that gives the lock back."""

    def set(self) -> None:
        super().set()
        while _held:
            _held.pop().release(force=True)


def event(plant: str | None) -> threading.Event:
    """What a run is stopped by."""
    return Early() if plant == "early" else threading.Event()


def token() -> None:
    """A worker whose run was taken over, or has ended, believes that it still has its leave."""
    inner = leaves.Leave.look

    def look(self: leaves.Leave) -> bool:
        try:
            return inner(self)
        except StoppedError:
            return self.asked

    _put(leaves.Leave, "look", look)


def digest() -> None:
    """Nobody looks with which configuration a file was made."""
    for module in modules_with("check_made_with"):
        _put(module, "check_made_with", lambda *given: None)
    assert digests.check_made_with is not None


def rename() -> None:
    """Files are written in their place, not beside it."""
    _put(os, "replace", _rewritten)


def _rewritten(source: Any, target: Any) -> None:
    content = Path(source).read_bytes()
    with open(target, "wb", buffering=0) as file:
        for start in range(0, len(content), 100):
            file.write(content[start : start + 100])
    os.unlink(source)


def slow_writing(seconds: float) -> None:
    """No fault: putting results and snapshots into bytes takes so long, so that something happens meanwhile."""
    inner = storage.packed

    def packed(*given: Any, **named: Any) -> bytes:
        time.sleep(seconds)
        return inner(*given, **named)

    _put(storage, "packed", packed)


PLANTS = {"lock": lock, "early": early, "token": token, "digest": digest, "rename": rename}


def apply(plant: str | None) -> None:
    """Plant a fault in this process; None: none."""
    if plant is not None:
        PLANTS[plant]()


def modules_with(name: str) -> list[Any]:
    """The modules of the package that have something under a name."""
    import sys

    found = [module for called, module in list(sys.modules.items()) if called.startswith("revorder.")]
    return [module for module in found if name in vars(module)]


def _put(where: Any, name: str, thing: Any) -> None:
    assert hasattr(where, name), f"{where} has no {name} any more: the plant does nothing"
    setattr(where, name, thing)


assert files and storage and running  # they are loaded before anything is planted
