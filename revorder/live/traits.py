"""Settings that take nothing a page could not show: a wrong value is refused, and the message names the setting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import traitlets

SEEDS = 2**32  # the page's random numbers are made of 32 bits


class Real(traitlets.Float[float, float | int]):
    """A number within bounds; infinite ones and NaN are none."""

    info_text = "a finite number"

    def validate(self, obj: Any, value: Any) -> float:
        """The number; TraitError if it is none, not finite or out of bounds."""
        number = float(super().validate(obj, value))
        if not math.isfinite(number):
            self.error(obj, value)
        return number


class Seed(traitlets.Int[int, int]):
    """A seed, 0 <= seed < 2^32."""

    def __init__(self, default: int = 0):
        super().__init__(default, min=0, max=SEEDS - 1)


def reals(default: Sequence[float], low: float, high: float) -> traitlets.List[float]:
    """As many numbers as the default has, each from low to high: a point, or two slopes."""
    count = len(default)
    return traitlets.List(Real(default[0], min=low, max=high), list(default), minlen=count, maxlen=count)


def points(default: Sequence[Sequence[float]], low: float, high: float) -> traitlets.List[list[float]]:
    """As many points of the plane as the default has."""
    count = len(default)
    return traitlets.List(reals(default[0], low, high), [list(each) for each in default], minlen=count, maxlen=count)
