"""How an experiment computes: the settings of this process that change the last bits of a result."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch

from revorder.experiments.checks import MOST_THREADS

_setting = threading.Lock()


@contextmanager
def exact_arithmetic(threads: int) -> Iterator[None]:
    """So many threads of torch, and float32 without TF32 on a GPU, too; afterwards all is as it was.

    Sums that are split among threads are rounded in another order, so bits are those of ONE number of threads.

    Args:
        threads: of torch, for operations in the calling thread.

    Raises:
        ValueError: so many cannot be had here.
    """
    with torch_threads(threads), without_tf32:
        yield


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """So many threads of torch in the calling thread, and nowhere else.

    Raises:
        ValueError: so many cannot be had here.
    """
    check_threads(threads)
    with _setting:
        before = torch.get_num_threads()
    _set_here(threads)
    try:
        yield
    finally:
        _set_here(before)


def _set_here(threads: int) -> None:
    """`torch.set_num_threads` also sets what threads that use torch later begin with: a fresh one puts that back."""
    with _setting, ThreadPoolExecutor(1) as fresh:
        default = fresh.submit(torch.get_num_threads).result()
        torch.set_num_threads(threads)
        fresh.submit(torch.set_num_threads, default).result()


def check_threads(threads: int) -> None:
    """Raise ValueError unless so many threads can be had here."""
    if threads > (most := most_threads()):
        raise ValueError(
            f"threads: the configuration has {threads}, but {most} can be had here (OMP_THREAD_LIMIT, OMP_DYNAMIC or "
            "OMP_MAX_ACTIVE_LEVELS says so); another number would change the last bits of results. Lift the limit, or "
            f"begin anew in another folder with threads={most}"
        )


def most_threads() -> int:
    """How many threads an operation of torch can have here, as the OpenMP library says if there is one to be asked."""
    try:
        openmp = ctypes.CDLL(None)
        if openmp.omp_get_dynamic() or not openmp.omp_get_max_active_levels():
            return 1  # it may give less than it is asked for, or never gives more than one
        return min(MOST_THREADS, int(openmp.omp_get_thread_limit()))
    except (AttributeError, OSError, TypeError):  # another library, or Windows
        return MOST_THREADS


def default_threads() -> int:
    """As many as torch uses in the calling thread, if they can be had."""
    return min(torch.get_num_threads(), most_threads())


class WithoutTF32:
    """Float32 means float32 on a GPU, too. The setting is the process's: whoever leaves last puts it back."""

    def __init__(self) -> None:
        self.inside, self.before, self.changing = 0, (False, False), threading.Lock()

    def __enter__(self) -> None:
        matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
        with self.changing:
            if not self.inside:
                self.before = matmul.allow_tf32, cudnn.allow_tf32
            self.inside += 1
            matmul.allow_tf32 = cudnn.allow_tf32 = False

    def __exit__(self, *error: object) -> None:
        with self.changing:
            self.inside -= 1
            if not self.inside:
                torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = self.before


without_tf32 = WithoutTF32()
