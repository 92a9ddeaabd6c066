"""Processes that run experiments: how they are started, asked, and waited for."""

from __future__ import annotations

import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from torture.logbook import Held, read

CHILD = Path(__file__).with_name("child.py")
LONGEST = 120.0  # seconds that a process may need for what takes one to ten


class Lost(AssertionError):
    """A promise is broken."""


class Child:
    """A process that runs an experiment, the leader of a session that its workers are in, too."""

    def __init__(self, pid: int, spec: dict[str, Any], poll: Callable[[], int | None]):
        self.pid, self.spec, self.poll = pid, spec, poll
        self.began, self.killed, self.ended = time.monotonic(), math.inf, math.inf
        self.childless = False

    def alive(self) -> bool:
        if self.poll() is not None:
            self.ended = min(self.ended, time.monotonic())
            return False
        return True

    def held(self) -> list[Held]:
        return read(Path(self.spec["log"]), self.killed)

    def holds(self) -> bool:
        """Whether it is within a run."""
        return any(one.end == math.inf for one in self.held()) and self.alive()

    def signal(self, number: int, group: bool = False) -> None:
        """Send a signal to it, or to it and its workers, if it still runs."""
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(self.pid, number)

    def wait(self, seconds: float = LONGEST) -> dict[str, Any] | None:
        """How it ended; None where it was killed."""
        end = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > end:
                tell(self.pid, signal.SIGUSR1)
                time.sleep(1)
                raise Lost(f"process {self.pid} has not ended after {seconds:.0f} s: {self.output()}")
            time.sleep(0.01)
        answer = Path(self.spec["answer"])
        return json.loads(answer.read_text()) if answer.exists() else None

    def workers(self) -> list[int]:
        """Processes of its session that live, without itself; also when it has died."""
        if self.childless:
            return []
        gone = not self.alive()
        found = [pid for pid in psutil.pids() if pid != self.pid and _session(pid) == self.pid and _lives(pid)]
        self.childless = gone and not found  # for ever, then
        return found

    def output(self) -> str:
        place = Path(self.spec["output"])
        return place.read_text(errors="replace")[-3000:] if place.exists() else ""


def tell(pid: int, number: int) -> None:
    """Send a signal to a process, if it still lives."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def end(pid: int) -> None:
    tell(pid, signal.SIGKILL)


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class Fate:
    """How a process ended. One for each, since numbers of processes come again within an hour."""

    code: int | None = None


class Nursery:
    """Starts children: forked from a process that has imported all (quick), or each an interpreter of its own."""

    def __init__(self) -> None:
        command = [sys.executable, str(CHILD), "nursery"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, **pipes, start_new_session=True, text=True, bufsize=1, env=plain())
        assert self.process.stdout is not None
        self.born = queue.Queue[tuple[int, Fate]]()
        self.one_by_one = threading.Lock()
        threading.Thread(target=listen, args=(self.process.stdout, self.born), daemon=True).start()

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()

    def forked(self, spec: dict[str, Any]) -> Child:
        assert self.process.stdin is not None
        with self.one_by_one:
            self.process.stdin.write(json.dumps(spec) + "\n")
            self.process.stdin.flush()
            pid, fate = self.born.get(timeout=LONGEST)
        return Child(pid, spec, lambda: fate.code)

    def fresh(self, spec: dict[str, Any], changes: Mapping[str, str], stdin: bool = True) -> Child:
        """An interpreter of its own, with other variables of the environment; without `stdin` that is closed."""
        place = Path(spec["answer"] + ".spec")
        place.write_text(json.dumps(spec))
        command = [sys.executable, str(CHILD), str(place)]
        command = command if stdin else ["sh", "-c", 'exec "$@" <&-', "sh", *command]
        with open(spec["output"], "ab") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                       start_new_session=True, env=plain() | changes)  # fmt: skip
        return Child(process.pid, spec, process.poll)


def listen(lines: Iterable[str], born: queue.Queue[tuple[int, Fate]]) -> None:
    """Note who is born, and how it ends, from what a nursery says."""
    living = dict[int, Fate]()
    for line in lines:
        what, pid, *code = line.split()
        if what == "began":
            living[int(pid)] = Fate()
            born.put((int(pid), living[int(pid)]))
        else:
            living.pop(int(pid)).code = int(code[0])


def plain() -> dict[str, str]:
    """The environment, without what would write beside the experiment."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
