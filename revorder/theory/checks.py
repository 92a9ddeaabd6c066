"""What the functions of `revorder.theory` accept: checks that name the argument, the value and what is allowed."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def number(name: str, value: Any, accepted: str, allowed: Callable[[Any], bool]) -> float:
    """`value` as a float; TypeError unless it is a real number, ValueError unless `allowed` (NaN never is)."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}: got {value!r}, but it must be a number {accepted}")
    if not allowed(value):
        raise ValueError(f"{name}: got {value}, but it must be {accepted}")
    return float(value)


def positive(name: str, value: Any) -> float:
    """`value` as a float, finite and > 0."""
    return number(name, value, "finite and > 0", lambda v: 0 < v < math.inf)


def not_negative(name: str, value: Any) -> float:
    """`value` as a float, finite and >= 0."""
    return number(name, value, "finite and >= 0", lambda v: 0 <= v < math.inf)


def whole(name: str, value: Any, least: int, most: float = math.inf) -> int:
    """`value` as an int; TypeError unless it is an integer, ValueError outside [least, most]."""
    accepted = f"an integer >= {least}" + (f" and <= {most}" if most < math.inf else "")
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name}: got {value!r}, but it must be {accepted}")
    if not least <= int(value) <= most:
        raise ValueError(f"{name}: got {value}, but it must be {accepted}")
    return int(value)


def array(name: str, value: Any, finite: bool = True) -> Floats:
    """`value` as a float64 array; TypeError unless numbers, ValueError if ragged, NaN or (where asked) infinite."""
    try:
        made = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: got rows of different lengths, but it must be a rectangular array") from error
    if made.dtype.kind not in "biuf":
        raise TypeError(f"{name}: got {value!r}, but it must be a number or an array of numbers")
    if np.isnan(made).any() or (finite and np.isinf(made).any()):
        raise ValueError(f"{name}: got {value!r}, but it must be finite, without NaN")
    return made.astype(np.float64)


def vector(name: str, value: Any) -> Floats:
    """`value` as a float64 array of shape (n,), n >= 1."""
    made = array(name, value)
    if made.ndim != 1 or not len(made):
        raise ValueError(f"{name}: got shape {made.shape}, but it must be one-dimensional and not empty")
    return made
