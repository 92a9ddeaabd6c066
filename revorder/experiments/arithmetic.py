"""How an experiment computes: the settings of this process that change the last bits of a result."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_lock = threading.Lock()
_inside = 0  # how many experiments compute in this process
_outside = 0  # threads of torch before the first of them began


@contextmanager
def exact_arithmetic(threads: int) -> Iterator[None]:
    """So many threads of torch, and float32 without TF32 on a GPU, too; afterwards all is as it was.

    Sums that are split among threads are rounded in another order, so bits are those of ONE number of threads.

    Args:
        threads: of torch, for operations in the calling thread.

    Raises:
        ValueError: so many cannot be had here.
    """
    with torch_threads(threads), without_tf32():
        yield


@contextmanager
def without_tf32() -> Iterator[None]:
    """Float32 means float32 on a GPU, too."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """So many threads of torch in the calling thread.

    The number belongs to the calling thread, but threads that begin to use torch later take over what was set last in
    the process. So whoever ends last puts back what was there before anybody began.

    Raises:
        ValueError: so many cannot be had here.
    """
    global _inside, _outside
    with _lock:
        before = torch.get_num_threads()
        _inside, _outside = _inside + 1, _outside if _inside else before
    try:
        torch.set_num_threads(threads)
        _check_threads(threads)
        yield
    finally:
        with _lock:
            _inside -= 1
            torch.set_num_threads(before if _inside else _outside)


def _check_threads(threads: int) -> None:
    limit = os.environ.get("OMP_THREAD_LIMIT", "")
    had = min([torch.get_num_threads(), *([int(limit)] if limit.isdecimal() else [])])
    if had != threads:
        raise ValueError(
            f"threads: the configuration has {threads}, but torch can have {had} here"
            f"{f' (OMP_THREAD_LIMIT={limit})' if limit else ''}; another number would change the last bits of results. "
            f"Lift the limit, or begin anew in another folder with threads={had}"
        )
