"""Means over seeds, and the intervals that say how well so many seeds know them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval.

    Attributes:
        mean: of the values.
        low, high: the ends; NaN for a single value, which says nothing about its error.
        count: of the values.
    """

    mean: float
    low: float
    high: float
    count: int

    @property
    def sign(self) -> int:
        """1 if the interval lies above 0, -1 if below, 0 if it holds 0 or there is none."""
        return int(self.low > 0) - int(self.high < 0)

    def __str__(self) -> str:
        ends = f"{self.low:+.2g} to {self.high:+.2g}" if self.count > 1 else "one seed has no interval"
        return f"{self.mean:+.3g} ({ends})"


def t_quantile(count: int, level: float = 0.95) -> float:
    """So many standard errors to each side of a mean of `count` values make an interval of this level (Student's t).

    >>> round(t_quantile(16), 3)
    2.131
    """
    return float(stdtrit(count - 1, (1 + level) / 2))


def student(values: NDArray[np.float64], level: float = 0.95) -> NDArray[np.float64]:
    """Means over the last axis, of at least two values, and Student's interval for each: (3, ...) mean, low and high.

    Values that are not finite make theirs NaN or infinite; see `mean_interval`.
    """
    count, mean = values.shape[-1], values.mean(-1)
    half = t_quantile(count, level) * values.std(-1, ddof=1) / math.sqrt(count)
    return np.stack([mean, mean - half, mean + half])


def mean_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """The mean of independent values, such as one for each seed, and Student's interval for it.

    It is exact for normal values. With few seeds nothing can tell whether they are normal; one value that lies far from
    the others makes the interval wide, and its level a guess.

    Args:
        values: (n,) finite numbers, at least one. For paired comparisons: the differences of pairs.
        level: the share of such intervals that hold the true mean, above 0 and below 1.

    Raises:
        ValueError: no value, not one row of them, one that is not finite, or a level out of its range.

    Source: Student, The probable error of a mean, Biometrika 6 (1908).

    >>> print(mean_interval([0.1, 0.3, 0.2]))
    +0.2 (-0.048 to +0.45)
    """
    found = np.asarray(values, dtype=float)
    if found.ndim != 1 or not len(found) or not np.isfinite(found).all():
        raise ValueError(f"values: got {values!r}, but a row of finite numbers is needed")
    if not 0 < level < 1:
        raise ValueError(f"level: got {level}, but it must be above 0 and below 1")
    if len(found) < 2:
        return Interval(float(found.mean()), math.nan, math.nan, 1)
    mean, low, high = student(found, level).tolist()
    return Interval(mean, low, high, len(found))
