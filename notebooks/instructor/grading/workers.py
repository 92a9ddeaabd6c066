"""The trusted side of the fork server: starts it, asks it for untrusted processes, and replaces it if it ends."""

from __future__ import annotations

import contextlib
import json
import math
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from grading.attempts import Attempt, Limits

BEGUN = b"begun\n"  # what an attempt says before it runs anything of a student's
PATIENCE = 300  # seconds for what no student's code is part of
KEPT = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT")
THREADS = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


class Server:
    """A fork server; one that ends, or no longer answers, is replaced by another."""

    def __init__(self, limits: Limits):
        self.limits = limits
        self._start()

    def _start(self) -> None:
        mine, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        program = [sys.executable, "-I", str(Path(__file__).with_name("server.py")), str(other.fileno())]
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment = kept | THREADS | {"MPLBACKEND": "agg", "PYTHONDONTWRITEBYTECODE": "1"}
        self.process = subprocess.Popen(program, pass_fds=[other.fileno()], env=environment, stdin=subprocess.DEVNULL)
        other.close()
        self.control = mine
        self.control.settimeout(PATIENCE)
        with _server_needed():
            self._hear(b"ready")

    def close(self) -> None:
        self.control.close()
        self.process.wait(10)

    def _hear(self, word: bytes) -> None:
        if self.control.recv(len(word)) != word:
            raise ConnectionError("the fork server ended")

    def _replace(self) -> None:
        print("Judged: the server of answers ended, and is started again", file=sys.stderr)
        self.process.kill()
        self.control.close()
        self.process.wait()
        self._start()

    @contextlib.contextmanager
    def attempt(self, until: float = math.inf) -> Iterator[Attempt]:
        """A new process, until the end of the block, or this time of the monotonic clock.

        Raises:
            RuntimeError: none could be started; that is nobody's fault who has handed in something.
        """
        mine, attempt = self._begun(until)
        with mine:
            try:
                yield attempt
            finally:
                try:
                    self.control.sendall(b"enough")
                    self._hear(b"ended")
                except OSError:
                    attempt.end()
                    self._replace()

    def _begun(self, until: float) -> tuple[socket.socket, Attempt]:
        """If the server has ended in the meantime, the next one is asked."""
        try:
            return self._try_to_begin(until)
        except (OSError, ValueError, psutil.Error):
            self._replace()
        with _server_needed():
            return self._try_to_begin(until)

    def _try_to_begin(self, until: float) -> tuple[socket.socket, Attempt]:
        mine, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        terms = {"memory": self.limits.memory, **ids(self.limits.user)}
        with other:
            socket.send_fds(self.control, [json.dumps(terms).encode()], [other.fileno()])
        mine.settimeout(PATIENCE)
        attempt = Attempt(mine, json.loads(self.control.recv(64))["pid"], self.limits, until)
        if mine.recv(len(BEGUN)) != BEGUN:
            raise ConnectionError("an attempt ended before a cell was run")
        mine.settimeout(0.1)
        return mine, attempt


@contextlib.contextmanager
def _server_needed() -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, psutil.Error) as error:
        raise RuntimeError("no process for answers could be started; what it printed stands above") from error


def ids(user: str) -> dict[str, int | None]:
    """ "user" and "group" as numbers; None for nobody else than who runs this."""
    if not user:
        return {"user": None, "group": None}
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise ValueError(f"Judged.user: there is no user {user} on this machine") from None
    return {"user": entry.pw_uid, "group": entry.pw_gid}
