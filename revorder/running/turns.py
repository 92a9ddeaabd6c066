"""Parts of runs take turns in a process: torch's generator and a module's parameters belong to all its threads."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager

from revorder.showing import LINE, cut

_turn = threading.Lock()
_place = threading.local()  # `inside`: whether this thread has the turn


@contextmanager
def turn() -> Iterator[None]:
    """Carry out a part of a run, while no other thread does."""
    with _turn:
        _place.inside = True
        try:
            yield
        finally:
            _place.inside = False


def check_place(executor: Executor) -> None:
    """Raise RuntimeError inside a part, unless the executor's workers are other processes."""
    if getattr(_place, "inside", False) and not isinstance(executor, ProcessPoolExecutor):
        raise RuntimeError(
            f"executor: got {cut(repr(executor), LINE)} inside a part of another run that is shared, but parts of one "
            "process take turns, so they would wait for each other for ever; leave executor out here"
        )


def _forked() -> None:
    """A forked worker must not find the turn taken by a thread that it does not have."""
    global _turn, _place
    _turn, _place = threading.Lock(), threading.local()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
