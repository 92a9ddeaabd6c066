"""What must hold at the end of a round, whatever happened before."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "helpers"))

from results import differences

from revorder.experiments import Folder, FolderInUseError, jobs
from torture.starting import Lost

ORPHANS = 30.0  # seconds in which workers without a run must end
LEFT = ("writer", "*.partial*", "*.new*", "*.snapshot*", ".*")


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Lost(what)
        time.sleep(0.02)


def check(place: Path, truth: Folder) -> None:
    """Raise Lost unless a finished experiment is as one that nothing happened to."""
    for fault in faults(Folder(place), truth):
        raise Lost(fault)


def faults(folder: Folder, truth: Folder) -> Iterator[str]:
    left = sorted(str(path.relative_to(folder.path)) for name in LEFT for path in folder.path.rglob(name))
    if left:
        yield f"left at the end: {', '.join(left)}"
    try:
        with folder.locked():
            pass
    except FolderInUseError as error:
        yield f"at the end somebody holds the lock: {error}"
    names, lines = {str(job) for job in jobs(folder.config())}, set(folder.card()["jobs"])
    if lines != names:
        yield f"the card has lines of {sorted(lines)}, but the jobs are {sorted(names)}"
    if (folder.path / "metrics.csv").read_text() != folder.frame().to_csv(index=False):
        yield "metrics.csv is not the frame of the results"
    yield from (f"not as undisturbed: {one}" for one in differences(folder, truth))
