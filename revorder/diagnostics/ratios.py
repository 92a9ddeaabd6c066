"""Ratios over seeds: geometric means, with the intervals that say how well so many seeds know them."""

from __future__ import annotations

import numpy as np

from revorder.diagnostics.intervals import student


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
    return np.asarray(np.exp(student(np.moveaxis(np.log(values), 0, -1))))
