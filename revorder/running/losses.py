"""What an executor says of parts that it lost, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError
from contextlib import contextmanager

from revorder.engines.memory import ran_out

GONE = (
    "a worker ended without a word, perhaps for lack of memory: give fewer workers, or look at their logs; and call a "
    "process pool from under `if __name__ == '__main__'`"
)
CANCELLED = (
    "executor: parts of the run were cancelled, as shutdown(cancel_futures=True) or a cluster that is closed do; keep "
    "it open until the run has come back, and give the run a new one"
)


@contextmanager
def taking_work() -> Iterator[None]:
    """While an executor is given work.

    Raises:
        RuntimeError: it takes none, and says so in whatever way; one that breaks just now, too. What says that it is
            broken, or that memory is full, stays as it is.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, BrokenExecutor) or ran_out(error):
            raise
        said = f"{type(error).__name__}: {error}".removesuffix(": ")
        raise RuntimeError(
            f"executor: it takes no work ({said}); if it is shut down, or its cluster is closed, make a new one, and "
            "call this inside of its `with` block"
        ) from error


def explain(error: BaseException) -> None:
    """Add to what an executor says of a part that is lost what to do about it."""
    if isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker":  # the latter is dask's
        error.add_note(GONE)
    if isinstance(error, CancelledError):
        error.add_note(CANCELLED)
