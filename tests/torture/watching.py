"""The watchman: looks whether a folder that is free stays as it is, and whether files are only ever replaced whole."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from revorder.experiments import Folder, FolderInUseError
from torture.logbook import Held

TICK = 0.02  # seconds between two tries to take the lock
LOOK = 0.3  # seconds for which nothing may change
AGAIN = 1.5  # seconds between two looks at orphans
TEMPORARY = ".partial"
State = dict[str, tuple[int, int, int]]


def state(folder: Path) -> State:
    """Every file with its size, its time and its number; but the lock, which changes hands."""
    return {name: seen for name, seen in _files(folder) if name != "lock"}


def _files(folder: Path) -> Iterator[tuple[str, tuple[int, int, int]]]:
    for place in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if place.is_file():
                found = place.stat()
                yield str(place.relative_to(folder)), (found.st_size, found.st_mtime_ns, found.st_ino)


def changes(before: State, after: State) -> list[str]:
    """The names of files that are new, gone, or others."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


class InPlace:
    """Holds files open that stand whole: if one changes, it was written in its place, and a kill would leave half."""

    def __init__(self) -> None:
        self.held: dict[Path, tuple[int, tuple[int, int]]] = {}

    def look(self, folder: Path) -> list[str]:
        """What was written in place since the last look."""
        wrong = [str(path) for path, (number, seen) in self.held.items() if _seen(number) != seen]
        places = {path for path in [*folder.glob("*"), *folder.glob("jobs/*")] if _is_whole(path)}
        for path in [*self.held]:
            if path not in places or str(path) in wrong or not _same(path, self.held[path][0]):
                os.close(self.held.pop(path)[0])
        for path in places - self.held.keys():
            with suppress(OSError):
                number = os.open(path, os.O_RDONLY)
                self.held[path] = number, _seen(number)
        return wrong

    def forget(self) -> None:
        for number, _ in self.held.values():
            os.close(number)
        self.held.clear()


def _is_whole(path: Path) -> bool:
    return path.name != "lock" and path.name[0] != "." and path.suffix != TEMPORARY and path.is_file()


def _seen(number: int) -> tuple[int, int]:
    found = os.fstat(number)
    return found.st_size, found.st_mtime_ns


def _same(path: Path, number: int) -> bool:
    with suppress(OSError):
        return path.stat().st_ino == os.fstat(number).st_ino
    return False


class Watchman:
    """A thread beside a round. `due` says whether a run has held the folder since the last look, or orphans live."""

    def __init__(self, folder: Path, due: Callable[[], bool], orphans: Callable[[], list[int]]):
        self.folder, self.due, self.orphans = folder, due, orphans
        self.resting, self.over = threading.RLock(), threading.Event()
        self.wrong, self.held, self.looks = list[str](), list[Held](), 0
        self.in_place, self.next = InPlace(), 0.0
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    @contextmanager
    def rest(self) -> Iterator[None]:
        """Meanwhile it takes no lock and holds no file: somebody else changes the folder."""
        with self.resting:
            self.in_place.forget()
            yield

    def close(self) -> None:
        self.over.set()
        self.thread.join()
        self.in_place.forget()

    def _watch(self) -> None:
        while not self.over.wait(TICK):
            with self.resting:
                for name in self.in_place.look(self.folder):
                    self.wrong.append(f"{name} was written in its place: who is killed then leaves half of it")
                if self.due() and self.folder.exists() and time.monotonic() > self.next:
                    self._look()

    def _look(self) -> None:
        try:
            with Folder(self.folder).locked():
                start, orphans, before = time.monotonic(), self.orphans(), state(self.folder)
                time.sleep(LOOK)
                self.looks += 1
                self._compare(changes(before, state(self.folder)), orphans)
                self.held.append(Held(f"watchman-{self.looks}", start, time.monotonic()))
                self.next = time.monotonic() + (AGAIN if orphans else 0.0)
        except FolderInUseError:
            return

    def _compare(self, changed: list[str], orphans: list[int]) -> None:
        """What a worker whose run was killed may still do: write a snapshot of its job, or its result. Nothing else."""
        allowed = "jobs/" if orphans else "nothing"
        for name in changed:
            if not name.startswith(allowed):
                self.wrong.append(f"{name} changed while nobody but the watchman held the folder (orphans: {orphans})")
