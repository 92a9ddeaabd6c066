"""How an experiment computes: the settings of this process that change the last bits of a result."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch

from revorder.engines import rounding
from revorder.experiments.checks import MOST_THREADS
from revorder.experiments.configs import Config

_setting = threading.Lock()


def best_device() -> str:
    """Where tensors live unless somebody says otherwise: "cuda" where there is one, else "cpu"."""
    return "cuda" if torch.cuda.is_available() else "cpu"


@contextmanager
def arithmetic_of(config: Config) -> Iterator[None]:
    """The threads of torch and the products of matrices that a configuration asks for; afterwards all is as it was.

    Raises:
        ValueError: so many threads cannot be had here, or another thread multiplies otherwise.
    """
    with torch_threads(config.threads), products("tf32" if config.precision == "tf32" else "ieee"):
        yield


@contextmanager
def torch_threads(threads: int) -> Iterator[None]:
    """So many threads of torch in the calling thread, and nowhere else.

    Sums that are split among threads are rounded in another order, so bits are those of ONE number of threads.

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


class Products:
    """How the process multiplies float32 matrices: "ieee", as they are, or "tf32", which a GPU rounds to 10 bits first.

    And always in the same way: the fastest convolutions of a GPU add in any order, so that no two have the same bits.
    The settings are the process's: whoever leaves last puts them back.
    """

    def __init__(self) -> None:
        self.inside, self.kind, self.changing = 0, "ieee", threading.Lock()
        self.before: list[tuple[Any, str, Any]] = []

    @contextmanager
    def __call__(self, kind: str) -> Iterator[None]:
        """A block of that kind.

        Raises:
            ValueError: another thread is in a block of the other kind.
        """
        with self.changing:
            if self.inside and kind != self.kind:
                raise ValueError(
                    f"precision: another experiment of this process multiplies in {self.kind}, and this one would in "
                    f"{kind}; run one of them in a process of its own"
                )
            if not self.inside:
                self.kind, settings = kind, _settings(kind)
                self.before = [(place, name, getattr(place, name)) for place, name, _ in settings]
                for setting in settings:
                    setattr(*setting)
            self.inside += 1
        try:
            yield
        finally:
            with self.changing:
                self.inside -= 1
                if not self.inside:
                    for setting in self.before:
                        setattr(*setting)


def _settings(kind: str) -> list[tuple[Any, str, Any]]:
    """Where torch keeps what changes the bits of products, and what it is to be."""
    cudnn: Any = torch.backends.cudnn
    repeatable = [(cudnn, "deterministic", True), (cudnn, "benchmark", False)]
    if not rounding.is_newer():
        return [*((*place, kind == "tf32") for place in rounding.gpu_places()), *repeatable]
    cpu: Any = torch.backends.mkldnn  # bfloat16, if it was told so
    gpu = [(*place, kind) for place in rounding.gpu_places()]
    return [*gpu, *((place, "fp32_precision", "ieee") for place in (cpu.matmul, cpu.conv, cpu.rnn)), *repeatable]


products = Products()
