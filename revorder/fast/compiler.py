"""How functions of this room are compiled: without the interpreter's lock, and with products and sums in one rounding.

Nothing else may be rearranged: sums are made in the order that is written, and NaN stays NaN. Nobody counts who holds
an array: counts would be shared by all threads, which would wait for each other at every one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., Any])

# error_model: 1/0 is inf, as in NumPy, and nobody asks first; _nrt: numba's counting
HOW: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}, "_nrt": False}
INNER: dict[str, Any] = {**HOW, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # Python calls one function only


def compiled(function: F) -> F:
    """Called by other compiled functions."""
    return cast(F, numba.njit(**INNER)(function))


def inlined(function: F) -> F:
    """Written into each function that calls it, so that constants among its arguments are known there."""
    return cast(F, numba.njit(forceinline=True, **INNER)(function))


def sources() -> str:
    """A digest of all that is compiled here."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
