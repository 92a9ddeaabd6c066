"""Acts that end a run or one of its workers, or ask it to stop."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil

from torture.ending import wait_until
from torture.rounds import Round
from torture.starting import Child, Lost, end

BROKEN = ("BrokenProcessPool", "KilledWorker", "CancelledError", "FutureCancelledError")  # what executors say
INTERRUPTS = ("KeyboardInterrupt", "RunInterrupted")
POOLS = ("processes", "dask")


def kill(round: Round, child: Child) -> None:
    round.say(f"kill -9 of {child.pid}")
    child.killed = time.monotonic()
    child.signal(signal.SIGKILL)


def killed(round: Round) -> None:
    child = round.start()
    round.moment(child)
    kill(round, child)
    round.over(child)


def killed_again_and_again(round: Round) -> None:
    """Each time a little work is left behind."""
    for _ in range(round.rng.randint(2, 5)):
        child = round.start()
        round.working(child)
        time.sleep(round.rng.uniform(0, 0.3))
        kill(round, child)
        round.over(child)


def killed_at_once(round: Round) -> None:
    """Before it has begun, or in its first moments."""
    child = round.start()
    time.sleep(round.rng.uniform(0, 0.2))
    kill(round, child)
    round.over(child)


def hears(child: Child) -> bool:
    """Whether a process has a handler of its own for SIGTERM by now; False where that cannot be known."""
    try:
        status = Path(f"/proc/{child.pid}/status").read_text()
    except OSError:
        return False
    caught = next((line.split()[1] for line in status.splitlines() if line.startswith("SigCgt")), "0")
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def asked(round: Round, child: Child, *numbers: int, group: bool = False) -> None:
    """Send signals to a run, and wait for its end: with a snapshot, if it heard them."""
    heard = hears(child)
    for number in numbers:
        round.say(f"signal {number} to {child.pid}{' and its group' * group}, heard: {heard}")
        child.signal(number, group)
        time.sleep(round.rng.choice([0.0, 0.05, 0.3]))
    child.wait()
    held = child.held()
    outside = not heard or (bool(held) and all(one.end < float("inf") for one in held))  # it was over already
    twice = numbers.count(signal.SIGINT) > 1
    round.over(child, "StoppedError", *["killed"] * outside, *INTERRUPTS * (outside or twice))


def terminated(round: Round) -> None:
    child = round.start()
    round.moment(child)
    asked(round, child, signal.SIGTERM)


def interrupted(round: Round) -> None:
    child = round.start()
    round.moment(child)
    asked(round, child, signal.SIGINT)


def interrupted_as_a_group(round: Round) -> None:
    child = round.start(executor=round.rng.choice(["processes", round.executor]))
    round.moment(child)
    asked(round, child, signal.SIGINT, group=True)


def terminated_twice(round: Round) -> None:
    child = round.start()
    round.moment(child)
    asked(round, child, signal.SIGTERM, signal.SIGTERM)


def interrupted_twice(round: Round) -> None:
    child = round.start()
    round.moment(child)
    asked(round, child, signal.SIGINT, signal.SIGINT)


def one_worker_killed(round: Round) -> None:
    """Once they work: Python's own pools wait for ever if one is killed while they start (CPython 3.11)."""
    before = written(round)
    child = round.start(executor=round.executor if round.executor in POOLS else "processes")
    wait_until(lambda: bool(written(round) - before) or not child.alive(), 60, "no snapshot and no end")
    if round.moment(child):
        workers = [pid for pid in child.workers() if "resource_tracker" not in " ".join(command(pid))]
        for pid in round.rng.sample(workers, min(1, len(workers))):
            round.say(f"kill -9 of worker {pid}")
            end(pid)
    main = round.over(child, *BROKEN, "RuntimeError")
    if main["outcome"] == "RuntimeError" and "executor: it takes no work" not in main["said"]:
        raise Lost(f"run {child.pid} ended with {main}")


def written(round: Round) -> set[tuple[str, int]]:
    """Snapshots, and when they were written."""
    found = set[tuple[str, int]]()
    for path in round.snapshots():
        with suppress(FileNotFoundError):
            found.add((path.name, path.stat().st_mtime_ns))
    return found


def command(pid: int) -> list[str]:
    try:
        return psutil.Process(pid).cmdline()
    except psutil.NoSuchProcess:
        return []
