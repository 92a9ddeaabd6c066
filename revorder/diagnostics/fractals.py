"""The box dimension of a set of points, such as the iterates of the chaos game."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from revorder.diagnostics.estimates import warn
from revorder.errors import whole

CROWDED = 10  # points that the smallest boxes need on average, or some boxes of the set stay empty


def box_dimension(points: Any, depths: Sequence[int] = (2, 3, 4, 5, 6)) -> float:
    """The slope of log N against log(1/s), where N boxes of side s hold points; by least squares.

    Args:
        points: array-like (n, d), in the unit cube; rescale others. Leave out iterates that have not come close to
            the set yet (under rate ½, some 20).
        depths: the sides are 2^-depth; at least two depths.

    Returns:
        A number in [0, d] for many points.

    Warns:
        EstimateWarning: fewer than 10 points for each occupied smallest box: boxes are missed and the slope too low.

    Raises:
        ValueError: points outside the unit cube, or fewer than two depths.

    Source: Falconer, Fractal Geometry, section 3.1.

    >>> from revorder.theory import chaos_game_points
    >>> round(box_dimension(chaos_game_points([[0, 0], [1, 0], [0, 1]], depth=10)), 1)  # log 3 / log 2 = 1.585
    1.6
    """
    cloud = np.asarray(points, dtype=np.float64)
    if cloud.ndim != 2 or not len(cloud) or not ((cloud >= 0) & (cloud <= 1)).all():
        raise ValueError(f"points: got shape {cloud.shape}, but they must be (n, d) in the unit cube")
    if len(set(depths)) < 2:
        raise ValueError(f"depths: got {depths!r}, but a slope needs at least two")
    for depth in depths:
        whole("depths", depth, 0)
    counts = [len(np.unique(np.minimum(cloud * 2**k, 2**k - 1).astype(int), axis=0)) for k in depths]
    slope = float(np.polyfit(depths, np.log2(counts), 1)[0])
    if len(cloud) < CROWDED * max(counts):
        warn(f"{len(cloud)} points in {max(counts)} boxes: some boxes of the set are missed; slope {slope:.3f}", slope)
    return slope
