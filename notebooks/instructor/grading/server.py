"""The fork server: imports what students import, once, and is copied for each attempt at a submission.

It is started by a grader (`workers.py`) with one socket, over which a channel and the terms of each attempt come. It
never reads what goes over a channel, so that no copy has anything of the grader, or of others, in its memory.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NEW_PIDS, NEW_NETWORK, NEW_IPC, NEW_MOUNTS = 0x20000000, 0x40000000, 0x08000000, 0x00020000  # linux/sched.h
PRIVATE, RECURSIVE, BIND, NO_NEW_RIGHTS, SUBREAPER = 1 << 18, 1 << 14, 1 << 12, 38, 36  # linux/mount.h, linux/prctl.h
WARM = ("matplotlib.pyplot", "pandas", "scipy", "torch", "revorder.live", "revorder.plots", "revorder.diagnostics",
        "revorder.theory", "revorder.running", "revorder.engines.auto", "revorder.course.assignment")  # fmt: skip
LINUX = sys.platform == "linux"
libc = ctypes.CDLL(None, use_errno=True)


def main(control: socket.socket) -> None:
    if LINUX:
        libc.prctl(SUBREAPER, 1, 0, 0, 0)  # what a student's process leaves behind becomes ours, and ends with it
    with tempfile.TemporaryDirectory() as settings:
        os.environ["MPLCONFIGDIR"] = settings
        student, spaces = _warmed(), os.geteuid() == 0 and _can_have_spaces()
        control.sendall(b"ready")
        while received := socket.recv_fds(control, 1 << 16, 1):
            text, descriptors, *_ = received
            if not text:
                return
            _attempt(control, json.loads(text) | {"spaces": spaces}, socket.socket(fileno=descriptors[0]), student)


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
            _own_pids()
        pid = os.fork()
        if pid == 0:
            control.close()
            with contextlib.suppress(BaseException):
                _give_up_rights(terms, folder)
                student.serve(channel)
            os._exit(0)
        channel.close()
        control.sendall(json.dumps({"pid": pid}).encode())
        control.recv(16)  # enough
        _end(pid)
    control.sendall(b"ended")


@contextlib.contextmanager
def _folder(terms: dict[str, Any]) -> Iterator[str]:
    """An empty folder that belongs to whom the attempt runs as."""
    folder = tempfile.mkdtemp()
    try:
        if terms["user"] is not None:
            os.chown(folder, terms["user"], terms["group"])
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _own_pids() -> None:
    """The next copy is the first process of a space of its own, with which all its descendants end."""
    with contextlib.suppress(OSError), open("/proc/self/ns/pid") as mine:
        libc.setns(mine.fileno(), NEW_PIDS)
        libc.unshare(NEW_PIDS)


def _give_up_rights(terms: dict[str, Any], folder: str) -> None:
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    _limit(terms)
    if terms["spaces"]:
        _own_spaces()
    if terms["user"] is not None:
        resource.setrlimit(resource.RLIMIT_NPROC, (64, 64))
        os.setgroups([])
        os.setgid(terms["group"])
        os.setuid(terms["user"])
    if LINUX:
        libc.prctl(NO_NEW_RIGHTS, 1, 0, 0, 0)
    os.environ.update({"HOME": folder, "TMPDIR": folder, "IPYTHONDIR": f"{folder}/.ipython", "MPLCONFIGDIR": folder})
    tempfile.tempdir = folder
    os.chdir(folder)


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


def _own_spaces() -> bool:
    """No network; a /proc that shows the processes of the new space, and no others. Whether that was allowed."""
    if libc.unshare(NEW_NETWORK | NEW_IPC | NEW_MOUNTS) != 0:
        return False
    libc.mount(b"none", b"/", None, PRIVATE | RECURSIVE, None)
    if libc.mount(b"proc", b"/proc", b"proc", 0, None) != 0:
        return False
    _show(_needed())
    return True


def _can_have_spaces() -> bool:
    """Containers often forbid them; found out by a copy that does nothing else."""
    if LINUX:
        _own_pids()
        pid = os.fork()
        if pid == 0:
            os._exit(0 if _own_spaces() else 1)
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0:
            return True
        with open("/proc/self/ns/pid") as mine:
            libc.setns(mine.fileno(), NEW_PIDS)
    if closed := [str(folder) for folder in _needed() if _closed(folder)]:
        sys.exit(f"Judged: only you can read {closed[0]}; install Python and the course where everybody may read them")
    print("Judged: answers run with a network and in sight of other processes, see the guide", file=sys.stderr)
    return False


def _needed() -> list[Path]:
    return [Path(sys.prefix), Path(sys.base_prefix), Path(sys.modules["revorder"].__path__[0])]


def _show(folders: list[Path]) -> None:
    """Python stays readable where it lies in somebody's home; what else is there is covered by an empty file system."""
    opened = [(folder, os.open(folder, os.O_DIRECTORY), _closed(folder)) for folder in folders]
    for cover in {cover for *_, cover in opened if cover}:
        libc.mount(b"none", bytes(cover), b"tmpfs", 0, b"mode=755")
    for folder, descriptor, cover in opened:
        if cover:
            folder.mkdir(parents=True, exist_ok=True)
            libc.mount(f"/proc/self/fd/{descriptor}".encode(), bytes(folder), None, BIND, None)
        os.close(descriptor)


def _closed(folder: Path) -> Path | None:
    """The first folder on the way that others may not pass."""
    return next((path for path in reversed(folder.resolve().parents) if not path.stat().st_mode & 0o001), None)


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
