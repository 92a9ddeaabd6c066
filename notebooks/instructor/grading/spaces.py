"""Linux namespaces of an attempt: no network, no processes but its own, and no folder to write to that others see."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

NEW_PIDS, NEW_NETWORK, NEW_IPC, NEW_MOUNTS = 0x20000000, 0x40000000, 0x08000000, 0x00020000  # linux/sched.h
PRIVATE, RECURSIVE, BIND, NO_SUID, NO_DEVICES = 1 << 18, 1 << 14, 1 << 12, 2, 4  # linux/mount.h
SET_ATTRIBUTES, HERE, WITH_ALL_BELOW, READ_ONLY = 442, -100, 0x8000, 1  # mount_setattr(2), Linux 5.12
KEYRINGS = {"x86_64": (0xC000003E, (248, 249, 250)), "aarch64": (0xC00000B7, (217, 218, 219))}  # add_key and its kind
WRITABLE = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock")  # where everybody may write
ROOM = b"mode=1777,size=128m,nr_inodes=10000"
SECCOMP, LOAD, EQUAL, AT_LEAST, RETURN = 22, 0x20, 0x15, 0x35, 0x06  # linux/prctl.h, linux/filter.h
LINUX = sys.platform == "linux"
libc = ctypes.CDLL(None, use_errno=True)


def own_pids() -> None:
    """The next copy is the first process of a space of its own, with which all its descendants end."""
    with contextlib.suppress(OSError), open("/proc/self/ns/pid") as mine:
        libc.setns(mine.fileno(), NEW_PIDS)
        libc.unshare(NEW_PIDS)


def own_spaces(needed: list[Path]) -> bool:
    """A network, a /proc and temporary folders of its own, all of which end with it. Whether that was allowed."""
    os.umask(0o022)
    if libc.unshare(NEW_NETWORK | NEW_IPC | NEW_MOUNTS) != 0:
        return False
    libc.mount(b"none", b"/", None, PRIVATE | RECURSIVE, None)
    if libc.mount(b"proc", b"/proc", b"proc", 0, None) != 0:
        return False
    attributes = (ctypes.c_uint64 * 4)(READ_ONLY, 0, 0, 0)
    libc.syscall(SET_ATTRIBUTES, HERE, b"/", WITH_ALL_BELOW, attributes, ctypes.c_size_t(32))
    return _cover(needed)


def can_have_spaces(needed: list[Path]) -> bool:
    """Containers often forbid them; found out by a copy that does nothing else."""
    if LINUX:
        own_pids()
        pid = os.fork()
        if pid == 0:
            os._exit(0 if _without_error(needed) else 1)
        if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0:
            return True
        with open("/proc/self/ns/pid") as mine:
            libc.setns(mine.fileno(), NEW_PIDS)
    if closed := [str(folder) for folder in needed if _closed(folder)]:
        sys.exit(f"Judged: only you can read {closed[0]}; install Python and the course where everybody may read them")
    print("Judged: answers run with a network, and in sight of other answers' files and processes: "
          "grade no groups side by side, see the guide", file=sys.stderr)  # fmt: skip
    return False


def _without_error(needed: list[Path]) -> bool:
    with contextlib.suppress(OSError):
        return own_spaces(needed)
    return False


def _cover(needed: list[Path]) -> bool:
    """Cover what everybody may write to, and homes, by empty file systems; what Python needs there is put back."""
    opened = [(folder, os.open(folder, os.O_DIRECTORY)) for folder in needed]
    shared = [folder for folder in {Path(name).resolve() for name in WRITABLE} if folder.is_dir()]
    homes = {home for folder in needed if (home := _closed(folder)) and not _inside(home, shared)}
    for cover, terms in [*((folder, ROOM) for folder in shared), *((home, b"mode=755") for home in homes)]:
        if libc.mount(b"none", bytes(cover), b"tmpfs", NO_SUID | NO_DEVICES, terms) != 0:
            return False
    for folder, descriptor in opened:
        for place in _inside_any({folder, folder.resolve()}, [*shared, *homes]):
            place.mkdir(parents=True, exist_ok=True)
            libc.mount(f"/proc/self/fd/{descriptor}".encode(), bytes(place), None, BIND, None)
        os.close(descriptor)
    return True


def _inside(folder: Path, covers: list[Path]) -> bool:
    return any(folder.is_relative_to(cover) for cover in covers)


def _inside_any(folders: set[Path], covers: list[Path]) -> Iterator[Path]:
    return (folder for folder in folders if _inside(folder, covers))


def no_keyring() -> None:
    """What an answer leaves in the keyring of its user, the next one could read: a filter refuses the calls."""
    if not LINUX or (known := KEYRINGS.get(platform.machine())) is None:
        return
    (machine, calls), n = known, len(known[1])
    steps = [(LOAD, 0, 0, 4), (EQUAL, 0, n + 3, machine), (LOAD, 0, 0, 0), (AT_LEAST, n + 1, 0, 0x40000000)]
    steps += [(EQUAL, n - i, 0, call) for i, call in enumerate(calls)]
    steps += [(RETURN, 0, 0, 0x7FFF0000), (RETURN, 0, 0, 0x00050001)]  # go on; not permitted
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    libc.prctl(SECCOMP, 2, struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program)), 0, 0)


def _closed(folder: Path) -> Path | None:
    """The first folder on the way that others may not pass."""
    return next((path for path in reversed(folder.resolve().parents) if not path.stat().st_mode & 0o001), None)
