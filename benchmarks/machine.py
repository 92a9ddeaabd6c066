"""The card: on what, with what and when the times were measured."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def card(threads: int) -> dict[str, object]:
    """Machine, versions, commit and date."""
    from revorder.trajectories.origins import git, processor  # it imports torch, which must come after `use_threads`

    return {
        "cpu": processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "pinned_to_as_many_cores": hasattr(os, "sched_setaffinity"),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "os": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in ("torch", "jax", "jaxlib", "numba", "numpy", "revorder")},
        "commit": git(ROOT, "rev-parse", "HEAD") or "",
        "uncommitted_changes": bool(git(ROOT, "status", "--porcelain", "--", "revorder", "benchmarks")),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def versions(card: dict[str, object]) -> str:
    """The versions of a card in words, and its commit."""
    named = ", ".join(f"{name} {version}" for name, version in card["versions"].items() if version)
    changed = " with uncommitted changes" if card["uncommitted_changes"] else ""
    return f"{named}; commit {card['commit'][:12]}{changed}"


def use_threads(threads: int, xla: int = 1) -> None:
    """Limit this process and its children; before torch and JAX are imported, since they read it only once.

    XLA has threads of its own, which gain nothing on steps as small as these.
    """
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    eigen = "true" if xla > 1 else "false"
    os.environ["XLA_FLAGS"] = f"--xla_cpu_multi_thread_eigen={eigen} intra_op_parallelism_threads={xla}"
    if hasattr(os, "sched_setaffinity"):  # JAX makes a thread for every core that it may use
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
