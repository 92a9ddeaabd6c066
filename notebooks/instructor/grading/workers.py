"""The trusted side: starts untrusted processes, and reads data from them, within limits."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

LARGEST = 4 << 20  # bytes of one message
KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")
THREADS = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


class Lost(Exception):
    """An attempt ended before it had answered; the text completes "your answer …"."""


@dataclass(frozen=True)
class Limits:
    """What a cell, or all cases of an exercise, may take: CPU seconds (four times as much by the clock), megabytes."""

    seconds: float = 30.0
    memory: int = 1024
    user: str = ""


class Server:
    """A fork server."""

    def __init__(self, limits: Limits):
        self.limits = limits
        mine, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        program = [sys.executable, "-I", str(Path(__file__).with_name("server.py")), str(other.fileno())]
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment = kept | THREADS | {"MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(program, pass_fds=[other.fileno()], env=environment, stdin=subprocess.DEVNULL)
        other.close()
        self.control = mine
        self._heard(b"ready")

    def close(self) -> None:
        self.control.close()
        self.process.wait(10)

    def _heard(self, word: bytes) -> None:
        if self.control.recv(len(word)) != word:
            raise RuntimeError("the fork server ended; what it printed stands above")

    @contextlib.contextmanager
    def attempt(self) -> Iterator[Attempt]:
        mine, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        terms = {"memory": self.limits.memory, **ids(self.limits.user)}
        socket.send_fds(self.control, [json.dumps(terms).encode()], [other.fileno()])
        other.close()
        with mine:
            pid = json.loads(self.control.recv(64))["pid"]
            try:
                yield Attempt(mine, pid, self.limits)
            finally:
                self.control.sendall(b"enough")
                self._heard(b"ended")


class Attempt:
    """The channel to one untrusted process."""

    def __init__(self, channel: socket.socket, pid: int, limits: Limits):
        self.channel, self.limits, self.rest = channel, limits, b""
        self.process = psutil.Process(pid)
        channel.settimeout(0.1)

    def send(self, message: dict[str, Any]) -> None:
        with _lost_if_broken():
            self.channel.settimeout(self.limits.seconds)
            self.channel.sendall(json.dumps(message).encode() + b"\n")
            self.channel.settimeout(0.1)

    def receive(self) -> dict[str, Any]:
        """The next message; raises `Lost`."""
        started, spent = time.monotonic(), self._spent()
        while b"\n" not in self.rest:
            late = self._spent() - spent > self.limits.seconds
            if late or time.monotonic() - started > 4 * self.limits.seconds:
                raise Lost(f"took longer than {self.limits.seconds:g} seconds")
            if len(self.rest) > LARGEST:
                raise Lost(f"returned more than {LARGEST >> 20} MB")
            self.rest += self._more()
        line, _, self.rest = self.rest.partition(b"\n")
        return _parsed(line)

    def _more(self) -> bytes:
        with contextlib.suppress(TimeoutError), _lost_if_broken():
            more = self.channel.recv(1 << 16)
            if not more:
                raise Lost("ended the Python process")
            return more
        return b""

    def _spent(self) -> float:
        with contextlib.suppress(psutil.Error):
            times = self.process.cpu_times()
            return float(times.user + times.system)
        return 0.0


@contextlib.contextmanager
def _lost_if_broken() -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise
    except OSError as error:
        raise Lost("ended the Python process") from error


def ids(user: str) -> dict[str, int | None]:
    """ "user" and "group" as numbers; None for nobody else than who runs this."""
    if not user:
        return {"user": None, "group": None}
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise ValueError(f"Judged.user: there is no user {user} on this machine") from None
    return {"user": entry.pw_uid, "group": entry.pw_gid}


def _parsed(line: bytes) -> dict[str, Any]:
    """Whatever came: a dictionary, or `Lost`."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Lost("wrote what cannot be read") from error
    if not isinstance(message, dict):
        raise Lost("wrote what cannot be read")
    return message
