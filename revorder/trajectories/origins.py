"""Where a result comes from: versions, seeds, machine and commit, as a plain record that travels with it."""

from __future__ import annotations

import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

import revorder

PACKAGES = ("numpy", "scipy")


def provenance(device: str | torch.device = "cpu", **seeds: int) -> dict[str, Any]:
    """A record of what a result depends on: plain texts, numbers and dicts, fit for JSON.

    Args:
        device: where the tensors are.
        seeds: whatever was drawn from, by name, as in `provenance(batches=0, start=1)`.

    Returns:
        versions (python, revorder, torch, …), device, processor, threads of torch, seeds, and the git commit of the
        working directory, with a "+" if files were changed since; None where there is no repository.

    >>> provenance(batches=3)["seeds"]
    {'batches': 3}
    """
    return {
        "versions": dict(versions()),
        "device": torch.cuda.get_device_name(device) if torch.device(device).type == "cuda" else str(device),
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "seeds": dict(seeds),
        "commit": _commit_here(),
    }


def _commit_here() -> str | None:
    """That of the working directory, if it is still there."""
    try:
        here = Path.cwd()
    except OSError:
        return None
    return commit(here)


def seeds_of(update: object) -> dict[str, int]:
    """The seeds that an update and its loss draw from, by name: "update" for augmentation, "loss" for dropout."""
    wrapped = getattr(update, "update", None)
    found = {} if wrapped is None else seeds_of(wrapped)
    for name, part in (("update", update), ("loss", getattr(update, "loss", None))):
        seed = getattr(part, "__dict__", {}).get("seed")
        if type(seed) is int:
            found[name] = seed
    return found


@cache
def versions() -> dict[str, str]:
    """Versions of Python, revorder, and what computes for it; that of torch names its build too, as in 2.13.0+cpu."""
    own = {"python": platform.python_version(), "revorder": revorder.__version__, "torch": torch.__version__}
    return own | {name: version(name) for name in PACKAGES}


@cache
def processor() -> str:
    """The name of this machine's processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


@cache
def commit(folder: Path) -> str | None:
    """The git commit of a folder, as it was when it was first asked for in this process."""
    found = git(folder, "rev-parse", "HEAD")
    changed = None if found is None else git(folder, "status", "--porcelain", "--untracked-files=no")
    return None if changed is None else f"{found}{'+' if changed else ''}"


def git(folder: Path, *command: str) -> str | None:
    """What a git command says in a folder; None if it fails, as without git, a repository, or a commit in it."""
    try:
        done = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
