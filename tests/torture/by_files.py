"""Acts that change the files of an experiment while nobody runs it: what is damaged must be refused by name."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from revorder.experiments import Folder, jobs
from torture.by_signals import asked, kill
from torture.rounds import Round
from torture.starting import Lost
from torture.watching import changes, state

FEW = 6  # tries to have a run stop where there is something to damage


def put(path: Path, content: bytes) -> None:
    """Replace a file as a whole, so that whoever has the old one open keeps it."""
    beside = path.with_name("somebody's")
    beside.write_bytes(content)
    os.replace(beside, path)


def stopped(round: Round, there: Callable[[], list[Path]]) -> list[Path]:
    """Files of a kind, of an experiment at which nobody works: run it until there are some, and stop it."""
    for number in range(FEW):
        round.settle()
        if found := there():
            return found
        round.take_away(round.finished())  # what is left to do may be too little
        child = round.start(interval=0.02)
        while child.alive() and not there():
            time.sleep(0.005)
        if number % 2:  # jobs of less than a second may be finished before a worker hears of a stop
            kill(round, child)
            round.over(child)
        else:
            asked(round, child, signal.SIGTERM)
    raise Lost(f"{there.__name__}: none of {FEW} runs that were stopped has left any")


def damage(round: Round, path: Path, content: bytes) -> None:
    """Put other bytes into a file, and see that a run refuses it by name."""
    with round.watchman.rest():
        put(path, content)
    round.damaged[path] = content
    round.say(f"damaged: {path}, {len(content)} bytes")
    round.expect_refusal(path)


def damage_one(round: Round, there: Callable[[], list[Path]], change: Callable[[Round, Path], bytes]) -> None:
    """Change one file of a kind, such as `round.finished`, and see that a run refuses it by name."""
    path = round.rng.choice(stopped(round, there))
    damage(round, path, change(round, path))


def result_truncated(round: Round) -> None:
    damage_one(round, round.finished, truncated)


def result_emptied(round: Round) -> None:
    damage_one(round, round.finished, emptied)


def result_flipped(round: Round) -> None:
    damage_one(round, round.finished, flipped)


def result_of_another(round: Round) -> None:
    """Another job's result stands in the place of one; they have the same layout."""
    two = lambda: round.finished()[1:]
    stopped(round, two)
    path, other = round.rng.sample(round.finished(), 2)
    damage(round, path, other.read_bytes())


def snapshot_truncated(round: Round) -> None:
    damage_one(round, round.snapshots, truncated)


def snapshot_emptied(round: Round) -> None:
    damage_one(round, round.snapshots, emptied)


def snapshot_flipped(round: Round) -> None:
    damage_one(round, round.snapshots, flipped)


def snapshot_of_another(round: Round) -> None:
    path = round.rng.choice(stopped(round, round.snapshots))
    folder = Folder(round.folder)
    others = [folder.snapshot(job) for job in jobs(round.config) if folder.snapshot(job) != path]
    damage(round, round.rng.choice(others), path.read_bytes()) if unfinished(round, others) else None


def unfinished(round: Round, snapshots: list[Path]) -> bool:
    """Whether none of the jobs that these would be snapshots of is finished."""
    return not round.finished() and bool(snapshots)


def truncated(round: Round, path: Path) -> bytes:
    return path.read_bytes()[: -round.rng.randint(1, path.stat().st_size - 1)]


def emptied(round: Round, path: Path) -> bytes:
    return b""


def flipped(round: Round, path: Path) -> bytes:
    """One bit is another."""
    content = bytearray(path.read_bytes())
    place = round.rng.randrange(len(content))
    content[place] ^= 1 << round.rng.randrange(8)
    return bytes(content)


def card_truncated(round: Round) -> None:
    card = lambda: [path for path in [round.folder / "card.json"] if path.exists()]
    (path,) = stopped(round, card)
    content = path.read_bytes()
    damage(round, path, content[: round.rng.randint(0, len(content) - 2)])


def card_deleted(round: Round) -> None:
    stopped(round, round.finished)
    deleted(round, round.folder / "card.json")


def metrics_damaged(round: Round) -> None:
    """It is made anew from the results, whatever it was."""
    stopped(round, round.finished)
    path = round.folder / "metrics.csv"
    content = path.read_bytes() if path.exists() else b""  # no run is whole yet
    with round.watchman.rest():
        put(path, round.rng.choice([b"", content[: len(content) // 2], content + b"more\n", b"\xff" + content]))


def metrics_deleted(round: Round) -> None:
    stopped(round, round.finished)
    deleted(round, round.folder / "metrics.csv")


def result_deleted(round: Round) -> None:
    deleted(round, round.rng.choice(stopped(round, round.finished)))


def snapshot_deleted(round: Round) -> None:
    deleted(round, round.rng.choice(stopped(round, round.snapshots)))


def lock_deleted(round: Round) -> None:
    round.settle()
    deleted(round, round.folder / "lock")


def deleted(round: Round, path: Path) -> None:
    with round.watchman.rest():
        path.unlink(missing_ok=True)
    round.say(f"deleted: {path}")


def edited(round: Round) -> None:
    """Another configuration in config.json must not go on with what was made with this one; then it is put back."""
    stopped(round, lambda: round.finished() + round.snapshots())
    place = round.folder / "config.json"
    content, fields = place.read_bytes(), json.loads(place.read_bytes())
    field, value = round.rng.choice([("lr", 0.0123), ("batch_size", 7), ("width", 31), ("steps", 250), ("stride", 5)])
    with round.watchman.rest():
        put(place, json.dumps(fields | {field: value}).encode())
    round.say(f"config.json has {field}={value} now")
    before = state(round.folder)
    found = round.undisturbed("ValueError")
    if found["outcome"] != "ValueError" or str(round.folder) not in found["said"]:
        raise Lost(f"{field} was edited in config.json, but the run ended with {found}")
    round.settle()
    if changed := changes(before, state(round.folder)):
        raise Lost(f"{field} was edited in config.json, which was refused, but {', '.join(changed)} changed")
    with round.watchman.rest():
        put(place, content)


def left_over(round: Round) -> None:
    """Files as processes leave them that were killed in the middle of writing; they must be swept."""
    round.settle()
    with round.watchman.rest():
        for name in [*TOP, *(f"jobs/{job}{kind}" for job in jobs(round.config) for kind in KINDS)]:
            if (place := round.folder / name).parent.exists() and round.rng.random() < 0.7:
                place.write_bytes(round.rng.randbytes(round.rng.choice([0, 100])))


def writer_left(round: Round) -> None:
    """The token of a run that was killed."""
    round.settle()
    with round.watchman.rest():
        if (round.folder / "config.json").exists():
            (round.folder / "writer").write_text(f"{round.rng.getrandbits(64):016x}")


HALF = ".0123abcd.partial"
TOP = [f"{name}{HALF}" for name in ("config.json", "card.json", "metrics.csv", "writer")]
KINDS = [f".safetensors{HALF}", f".snapshot.safetensors{HALF}"]
