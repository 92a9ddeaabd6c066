"""What an executor says of parts that it lost, and what to do about it."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, CancelledError

GONE = (
    "a worker ended without a word, perhaps for lack of memory: give fewer workers, or look at their logs; and call a "
    "process pool from under `if __name__ == '__main__'`"
)
CANCELLED = (
    "executor: parts of the run were cancelled, as shutdown(cancel_futures=True) or a cluster that is closed do; keep "
    "it open until the run has come back, and give the run a new one"
)


def closed(error: Exception) -> RuntimeError:
    """The error to raise in place of what an executor says that takes no work."""
    said = f"{type(error).__name__}: {error}".removesuffix(": ")
    return RuntimeError(
        f"executor: it takes no work ({said}); if it is shut down, or its cluster is closed, make a new one, and call "
        "this inside of its `with` block"
    )


def explain(error: BaseException) -> None:
    """Add to what an executor says of a part that is lost what to do about it."""
    if isinstance(error, BrokenExecutor) or type(error).__name__ == "KilledWorker":  # the latter is dask's
        error.add_note(GONE)
    if isinstance(error, CancelledError):
        error.add_note(CANCELLED)
