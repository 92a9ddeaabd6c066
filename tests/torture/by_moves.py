"""Acts on the whole folder: copied, renamed, deleted, on a disk that is full; and runs in other surroundings."""

from __future__ import annotations

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from torture.by_signals import asked, kill
from torture.rounds import Round
from torture.starting import Child, Lost

PAGE = 4096  # bytes that the smallest file takes


def copied(round: Round) -> None:
    """`cp -r` while it runs; the copy is an experiment of its own, brought to its end somewhere else."""
    child = round.start()
    round.moment(child)
    place = round.scratch / f"copy-{len(round.children)}"
    with suppress(shutil.Error, FileNotFoundError):  # a file may go while it is copied
        shutil.copytree(round.folder, place / "out")
    if round.rng.random() < 0.5:
        kill(round, child)
    round.over(child)
    place.mkdir(exist_ok=True)
    copy = Round(round.nursery, round.config, round.truth, place, round.rng, round.plant, "none", round.interval)
    try:
        copy.finish()
    finally:
        copy.close()
        round.story += [f"of the copy: {line}" for line in copy.story]


def renamed(round: Round) -> None:
    """The folder has another name from now on."""
    round.settle()
    with round.watchman.rest():
        if round.folder.exists():
            round.folder = round.watchman.folder = round.folder.rename(round.scratch / f"out-{len(round.children)}")


def deleted_under_it(round: Round) -> None:
    """The folder goes while a run works there: it ends with an error that names it."""
    round.settle()
    round.reopen()
    child = round.start()
    round.moment(child)
    with round.watchman.rest():
        gone(round.folder)
        round.say("the folder was deleted")
        named(round, child, "FileNotFoundError", "ValueError", "OSError", "StoppedError")
        round.settle()
        gone(round.folder)


def gone(folder: Path) -> None:
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


def named(round: Round, child: Child, *accepted: str) -> dict[str, Any]:
    """The end of a run: finished, or with an accepted error that names the folder."""
    found = round.over(child, *accepted)
    if found["outcome"] in accepted and str(round.folder) not in found["said"]:
        raise Lost(f"the error does not say which folder it is about: {found}")
    return found


def no_large_files(round: Round) -> None:
    """No file may have more than some bytes, as if the disk were full at that moment."""
    round.settle()
    round.reopen()
    child = round.start(most_bytes=round.rng.choice([200, 500, 800, 1000, 1200, 1500, 2000, 3000]))
    named(round, child, "OSError")


def full_disk(round: Round) -> None:
    """A disk of its own that has little room left, where one may be mounted; else as above."""
    round.settle()
    round.reopen()
    disk = round.scratch / f"disk-{len(round.children)}"
    with mounted(disk, size_of(round.folder) + PAGE * round.rng.randint(2, 8)) as there:
        if not there:
            return no_large_files(round)
        home = move(round, disk / "out")
        named(round, round.start(), "OSError")
        round.settle()
        move(round, home)
    return None


def size_of(folder: Path) -> int:
    files = folder.rglob("*") if folder.exists() else iter(())
    return sum(PAGE * (1 + path.stat().st_size // PAGE) for path in files)


def move(round: Round, place: Path) -> Path:
    """Take the folder elsewhere; where it was."""
    before = round.folder
    with round.watchman.rest():
        if before.exists():
            shutil.copytree(before, place)
            gone(before)
        round.damaged = {place / path.relative_to(before): content for path, content in round.damaged.items()}
        round.folder = round.watchman.folder = place
    return before


@contextmanager
def mounted(place: Path, size: int) -> Iterator[bool]:
    """A file system of so many bytes in memory; False where this user may mount none."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "torture", str(place)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def other_surroundings(round: Round) -> None:
    """Another number of threads, language, hash seed; no standard input."""
    changes = {
        "OMP_NUM_THREADS": "2",
        "LC_ALL": "C",
        "PYTHONHASHSEED": str(round.rng.randint(1, 99)),
        "PYTHONUTF8": "0",
    }
    chosen = round.rng.sample(sorted(changes), round.rng.randint(1, len(changes)))
    round.say(f"surroundings: {chosen}, no standard input")
    child = round.start_fresh({name: changes[name] for name in chosen}, stdin=False)
    round.moment(child)
    asked(round, child, *[signal.SIGTERM] * (round.rng.random() < 0.5))
