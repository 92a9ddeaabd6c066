"""Acts that pause a run or its workers, and several runs at once."""

from __future__ import annotations

import signal
import time

from torture.by_signals import asked, kill
from torture.ending import wait_until
from torture.rounds import Round
from torture.starting import Child, Lost, tell
from torture.watching import changes, state


def paused(round: Round) -> None:
    """A paused run still holds its folder: nobody else may begin. Then it goes on."""
    child = round.start()
    round.moment(child)
    child.signal(signal.SIGSTOP, round.rng.random() < 0.5)
    time.sleep(0.1)
    if child.holds():
        round.say(f"{child.pid} is paused")
        found = round.over(round.start_alone(executor="none"))
        if found["outcome"] != "FolderInUseError":
            raise Lost(f"a run went on while a paused one held the folder: {found}")
        time.sleep(round.rng.uniform(0, 1))
    child.signal(signal.SIGCONT, True)
    round.over(child)


def paused_and_killed(round: Round) -> None:
    """A paused run is killed, and its place taken by another."""
    child = round.start()
    round.moment(child)
    child.signal(signal.SIGSTOP)
    time.sleep(round.rng.uniform(0, 0.3))
    kill(round, child)
    round.over(child)
    asked(round, begun(round), signal.SIGTERM)


def begun(round: Round) -> Child:
    """A run that was started, some moment later."""
    child = round.start()
    round.moment(child)
    return child


def paused_orphans(round: Round) -> None:
    """Workers sleep while their run is killed and another takes over; when they wake they must write nothing."""
    child = round.start(executor="processes", slow_writing=round.rng.choice([0.0, 0.3]))
    wait_until(lambda: bool(round.snapshots()) or not child.alive(), 60, "no snapshot and no end")
    workers = child.workers()
    for pid in workers:
        tell(pid, signal.SIGSTOP)
    kill(round, child)
    round.over(child)
    round.say(f"workers {workers} are paused")
    before = writer(round)
    taken_over(round)
    with round.watchman.rest():
        woken(round, child, workers, quiet=writer(round) != before)


def writer(round: Round) -> str:
    """The token of the run that may write; "" where there is none. One that is stopped very early leaves it alone."""
    place = round.folder / "writer"
    return place.read_text() if place.exists() else ""


def taken_over(round: Round) -> None:
    """Another run in the same place, until it is finished or stopped."""
    other = round.start_alone(executor="none")
    if round.rng.random() < 0.5:
        round.moment(other)
        asked(round, other, signal.SIGTERM)
    else:
        round.over(other)


def woken(round: Round, child: Child, workers: list[int], quiet: bool) -> None:
    """Let workers go on; they must end, and write nothing if they are to be quiet."""
    before = state(round.folder)
    for pid in workers:
        tell(pid, signal.SIGCONT)
    round.say("they are woken")
    wait_until(lambda: not child.workers(), 30, f"orphans {workers} do not end")
    changed = changes(before, state(round.folder))
    if changed and quiet:
        raise Lost(f"workers of a run whose place was taken over have changed {', '.join(changed)}")


def at_once(round: Round, count: int) -> None:
    """Several runs begin at once: one may proceed, unless it ended before another looked."""
    with round.watchman.rest():
        children = [round.start(executor=round.rng.choice(["none", round.executor])) for _ in range(count)]
        wait_until(lambda: any(child.held() or not child.alive() for child in children), 60, "no run has begun")
    found = [round.over(child)["outcome"] for child in children]
    if "finished" not in found:
        raise Lost(f"of {count} runs that began at once none went on: {found}")


def two_at_once(round: Round) -> None:
    at_once(round, 2)


def three_at_once(round: Round) -> None:
    at_once(round, 3)


def twin_thread(round: Round) -> None:
    """A thread of the same process runs the same."""
    child = round.start(with_twin=True)
    round.over(child)
    twin = (child.wait() or {"twin": None})["twin"]
    if twin is not None and twin["outcome"] != "finished" and not round.says_in_use(twin):
        raise Lost(f"a thread of the same process ended with {twin}")
