"""One untrusted process as the grader sees it: a channel, and limits to what comes over it."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psutil

LARGEST = 4 << 20  # bytes of one message


class Lost(Exception):
    """An attempt ended before it had answered; the text completes "your answer …"."""


@dataclass(frozen=True)
class Limits:
    """What a cell, or all cases of an exercise, may take: CPU seconds (four times as much by the clock), megabytes.

    submission: seconds by the clock for a submission as a whole.
    """

    seconds: float = 30.0
    memory: int = 1024
    user: str = ""
    submission: float = 600.0

    @property
    def all_in_all(self) -> str:
        return f"took longer than {self.submission:g} seconds, together with all that ran before it"


class Attempt:
    """The channel to one untrusted process."""

    def __init__(self, channel: socket.socket, pid: int, limits: Limits, until: float):
        self.channel, self.limits, self.until, self.rest = channel, limits, until, b""
        self.process = psutil.Process(pid)

    def end(self) -> None:
        with contextlib.suppress(psutil.Error):
            self.process.kill()

    def send(self, message: dict[str, Any]) -> None:
        try:
            with _lost_if_broken():
                self.channel.settimeout(self.limits.seconds)
                self.channel.sendall(json.dumps(message).encode() + b"\n")
                self.channel.settimeout(0.1)
        except TimeoutError as error:  # it does not read
            raise Lost(f"took longer than {self.limits.seconds:g} seconds") from error

    def receive(self) -> dict[str, Any]:
        """The next message; raises `Lost`."""
        started, spent = time.monotonic(), self._spent()
        while b"\n" not in self.rest:
            if time.monotonic() > self.until:
                raise Lost(self.limits.all_in_all)
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


def _parsed(line: bytes) -> dict[str, Any]:
    """Whatever came: a dictionary, or `Lost`."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Lost("wrote what cannot be read") from error
    if not isinstance(message, dict):
        raise Lost("wrote what cannot be read")
    return message
