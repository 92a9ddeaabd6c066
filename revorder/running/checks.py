"""What runs are given beside updates and batches, looked at before anything is made."""

from __future__ import annotations

from revorder.showing import LINE, cut


def check_observers(record: object, metrics: object) -> None:
    """Raise TypeError unless these are functions that look at states."""
    if record is not None and not callable(record):
        raise TypeError(f"record: got {cut(repr(record), LINE)}, but it must be a function of a state")
    if metrics is not None and not (isinstance(metrics, dict) and all(callable(f) for f in metrics.values())):
        raise TypeError(f"metrics: got {cut(repr(metrics), LINE)}, but it must map names to functions of a state")


def check_executor(executor: object) -> None:
    """Raise TypeError unless this takes work."""
    if executor is not None and (isinstance(executor, type) or not hasattr(executor, "submit")):
        raise TypeError(
            f"executor: got {cut(repr(executor), LINE)}, but it must be a concurrent.futures.Executor, such as "
            "ProcessPoolExecutor()"
        )
    if hasattr(executor, "get_executor"):
        raise TypeError(
            f"executor: got {cut(repr(executor), LINE)}, but it must be an executor; use its get_executor()"
        )
