"""Timing single steps, for the choice among engines."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from typing import Any


def shortest(call: Callable[[], Any]) -> float:
    """The shortest of three timings, in seconds, after one call to warm up."""
    return min(timeit.repeat(call, number=1, repeat=4)[1:])
