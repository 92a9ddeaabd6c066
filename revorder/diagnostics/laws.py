"""Whether two samples have one law, or a sample a given law: Kolmogorov-Smirnov and Wasserstein, through scipy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from revorder.diagnostics.estimates import warn

FEW = 50


@dataclass(frozen=True)
class LawComparison:
    """What `compare_laws` found.

    Attributes:
        ks: the Kolmogorov-Smirnov distance, the largest difference of the two CDFs, in [0, 1].
        p_value: the chance of at least this distance if the laws are the same.
        wasserstein: the Wasserstein-1 distance, in the units of the sample.
        sizes: how many numbers were compared; one number for a sample against a CDF.
    """

    ks: float
    p_value: float
    wasserstein: float
    sizes: tuple[int, ...]


def compare_laws(sample: Any, other: Any, *, support: tuple[float, float] | None = None) -> LawComparison:
    """Compare the law of a sample with that of another sample, or with a continuous law given by its CDF.

    The numbers of a sample must be independent: one for each seed at a fixed step. Numbers along ONE path are not, and
    their p-value would mean nothing. Two samples must not share their batches either.

    Args:
        sample: array-like (n,), n >= 2, of finite numbers.
        other: array-like (m,), or a function from an array of points to the CDF there.
        support: for a CDF, the interval (low, high) that holds the law, where the Wasserstein distance is integrated;
            default: the range of the sample.

    Warns:
        EstimateWarning: fewer than 50 numbers in a sample, which tells few laws apart. It carries the KS distance.

    Raises:
        ValueError: fewer than two numbers, not one-dimensional, or not finite.

    Source: `scipy.stats.ks_2samp`, `kstest` and `wasserstein_distance`.

    >>> compare_laws(np.linspace(0, 1, 101), lambda x: x).p_value > 0.99
    True
    """
    first = _numbers("sample", sample)
    sizes: tuple[int, ...] = (len(first),)
    test: Any
    if callable(other):
        test, distance = stats.kstest(first, other), _from_cdf(first, other, support)
    else:
        second = _numbers("other", other)
        test, distance = stats.ks_2samp(first, second), stats.wasserstein_distance(first, second)
        sizes += (len(second),)
    found = LawComparison(float(test.statistic), float(test.pvalue), float(distance), sizes)
    if min(sizes) < FEW:
        warn(f"{min(sizes)} numbers tell few laws apart: KS distance {found.ks:.3g}", found.ks)
    return found


def _numbers(name: str, sample: Any) -> np.ndarray:
    values = np.asarray(sample, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(f"{name}: got shape {values.shape}, but it must be at least two finite numbers, shape (n,)")
    return values


def _from_cdf(sample: np.ndarray, cdf: Callable[[np.ndarray], Any], support: tuple[float, float] | None) -> float:
    """W_1 = ∫ |F_n(x) - F(x)| dx, by the trapezoidal rule on 20,000 intervals."""
    low, high = support or (sample.min(), sample.max())
    points = np.linspace(low, high, 20_001)
    empirical = np.searchsorted(np.sort(sample), points, side="right") / len(sample)
    return float(np.trapezoid(np.abs(empirical - cdf(points)), points))
