"""Ratios over seeds: geometric means, with the intervals that say how well so many seeds know them."""

from __future__ import annotations

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


def t_quantile(number: int) -> float:
    """So many standard errors to each side of a mean of `number` values make a 95 % interval (Student's t).

    >>> round(t_quantile(16), 3)
    2.131
    """
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, number - 1))


def geometric_interval(values: np.ndarray) -> np.ndarray:
    """The geometric mean over seeds, and its 95 % interval: that of Student's t for the mean of the logarithms.

    For ratios: of values that are paired seed by seed, hand over their ratios. The interval is about normal logarithms;
    it says where the mean over many more seeds may lie, not where the seeds lie.

    Args:
        values: (seeds, …), > 0; two seeds at least.

    Returns:
        (3, …): the mean, and the lower and the upper end.

    >>> geometric_interval(np.array([0.5, 2.0, 0.5, 2.0])).round(2)
    array([1.  , 0.28, 3.57])
    """
    logs = np.log(values)
    middle, error = logs.mean(0), logs.std(0, ddof=1) / np.sqrt(len(logs))
    reach = t_quantile(len(logs)) * error
    return np.asarray(np.exp([middle, middle - reach, middle + reach]))
