"""The fork server: imports what students import, once, and is copied for each attempt at a submission.

It is started by a grader (`workers.py`) with one socket, over which a channel and the terms of each attempt come. It
never reads what goes over a channel, so that no copy has anything of the grader, or of others, in its memory.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import spaces  # noqa: E402 - found there, since this runs as a program

sys.path.pop(0)
DIE_WITH_SERVER, NO_NEW_RIGHTS, SUBREAPER = 1, 38, 36  # linux/prctl.h
WARM = ("matplotlib.pyplot", "pandas", "scipy", "torch", "revorder.live", "revorder.plots", "revorder.diagnostics",
        "revorder.theory", "revorder.running", "revorder.engines.auto", "revorder.course.assignment")  # fmt: skip
LINUX, libc = spaces.LINUX, spaces.libc


def main(control: socket.socket) -> None:
    if LINUX:
        libc.prctl(SUBREAPER, 1, 0, 0, 0)  # what a student's process leaves behind becomes ours, and ends with it
    with tempfile.TemporaryDirectory() as settings:
        os.environ["MPLCONFIGDIR"] = settings
        student, own = _warmed(), os.geteuid() == 0 and spaces.can_have_spaces(_needed())
        control.sendall(b"ready")
        while received := socket.recv_fds(control, 1 << 16, 1):
            text, descriptors, *_ = received
            if not text:
                return
            _attempt(control, json.loads(text) | {"spaces": own}, socket.socket(fileno=descriptors[0]), student)


def _warmed() -> Any:
    for name in WARM:
        importlib.import_module(name)
    sys.modules["torch"].set_num_threads(1)
    folder = str(Path(__file__).parent)
    sys.path.insert(0, folder)
    student = importlib.import_module("student")
    sys.path.remove(folder)
    gc.freeze()  # or collecting would touch, and so copy, what all attempts share
    return student


def _attempt(control: socket.socket, terms: dict[str, Any], channel: socket.socket, student: Any) -> None:
    """One copy, from its start until the grader has had enough of it."""
    with _folder(terms) as folder:
        if terms["spaces"]:
            spaces.own_pids()
        pid = os.fork()
        if pid == 0:
            control.close()
            with contextlib.suppress(BaseException):
                if _give_up_rights(terms, folder):
                    channel.sendall(b"begun\n")
                    student.serve(channel)
            os._exit(0)
        channel.close()
        control.sendall(json.dumps({"pid": pid}).encode())
        control.recv(16)  # enough
        _end(pid)
    control.sendall(b"ended")


@contextlib.contextmanager
def _folder(terms: dict[str, Any]) -> Iterator[str]:
    """An empty folder that belongs to whom the attempt runs as; with spaces of its own it makes one there itself."""
    if terms["spaces"]:
        yield "/tmp/answer"
        return
    folder = tempfile.mkdtemp()
    try:
        _own(folder, terms)
        yield folder
    finally:  # in a process of its own: whatever the folder holds, it does not end this one
        subprocess.run(["rm", "-rf", "--", folder], stderr=subprocess.DEVNULL)


def _own(folder: str, terms: dict[str, Any]) -> None:
    if terms["user"] is not None:
        os.chown(folder, terms["user"], terms["group"])


def _needed() -> list[Path]:
    return [Path(sys.prefix), Path(sys.base_prefix), Path(sys.modules["revorder"].__path__[0])]


def _give_up_rights(terms: dict[str, Any], folder: str) -> bool:
    """Whether all that was promised could be done."""
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    _limit(terms)
    if terms["spaces"]:
        if not spaces.own_spaces(_needed()):
            return False
        os.mkdir(folder, 0o700)
        _own(folder, terms)
    if terms["user"] is not None:
        resource.setrlimit(resource.RLIMIT_NPROC, (64, 64))
        os.setgroups([])
        os.setgid(terms["group"])
        os.setuid(terms["user"])
    if LINUX:
        libc.prctl(NO_NEW_RIGHTS, 1, 0, 0, 0)
        spaces.no_keyring()
        libc.prctl(DIE_WITH_SERVER, signal.SIGKILL, 0, 0, 0)
    os.environ.update({"HOME": folder, "TMPDIR": folder, "IPYTHONDIR": f"{folder}/.ipython", "MPLCONFIGDIR": folder})
    tempfile.tempdir = folder
    os.chdir(folder)
    return True


def _limit(terms: dict[str, Any]) -> None:
    megabytes = 1 << 20
    for kind, value in (("AS", _mapped() + terms["memory"] * megabytes), ("FSIZE", 64 * megabytes), ("CORE", 0)):
        if LINUX or kind != "AS":  # macOS has no such limit
            resource.setrlimit(getattr(resource, f"RLIMIT_{kind}"), (value, value))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")  # if memory runs out, this process goes first


def _mapped() -> int:
    """Bytes of address space in use."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE") if LINUX else 0


def _end(pid: int) -> None:
    """End an attempt, and whatever it has started."""
    for target in (pid, -pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(target, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
        while True:  # orphans, which have become ours
            for orphan in _children():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(orphan, signal.SIGKILL)
            os.waitpid(-1, 0)


def _children() -> list[int]:
    path = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(number) for number in path.read_text().split()] if path.exists() else []


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
