"""The chaos game: SGD on loss ½|θ - x|², x uniform on the corners of a polygon, has a fractal stationary law.

Each map is θ → ratio·θ + (1 - ratio)·corner, with ratio = 1 - lr. On a triangle at learning rate ½ the iterates fill
the Sierpinski triangle (Hutchinson, Fractals and self similarity, Indiana Univ. Math. J. 30 (1981)).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from revorder.theory.checks import Floats, array, number, whole

MOST_POINTS = 3**11


def chaos_game_dimension(corners: int = 3, ratio: float = 0.5) -> float:
    """log(corners) / log(1 / ratio), the similarity dimension of the attractor.

    It is the box and Hausdorff dimension under the open set condition, that is, if the shrunken copies touch at most
    in their boundaries, as on a triangle for ratio <= ½ (Hutchinson 1981); else it is an upper bound.

    Args:
        corners: number of corners, >= 1.
        ratio: how much each map shrinks, in (0, 1); 1 - lr.

    >>> round(chaos_game_dimension(), 3)
    1.585
    """
    return math.log(whole("corners", corners, 1)) / math.log(1 / _ratio(ratio))


def chaos_game_points(corners: ArrayLike, depth: int, ratio: float = 0.5) -> Floats:
    """The end points of all sequences of `depth` batches that start at the first corner.

    Args:
        corners: (k, d), one corner a row.
        depth: number of batches, >= 0; k^depth may be at most 3^11 = 177147.
        ratio: how much each map shrinks, in (0, 1).

    Returns:
        Array (k^depth, d), every point within ratio^depth diameters of the attractor (the corners are on it). Written
        with k digits, the row number lists the corners used, the one applied last first.

    >>> chaos_game_points([[0.0, 0.0], [1.0, 0.0]], depth=2)[:, 0]
    array([0.  , 0.25, 0.5 , 0.75])
    """
    corners, depth, ratio = array("corners", corners), whole("depth", depth, 0), _ratio(ratio)
    if corners.ndim != 2 or 0 in corners.shape:
        raise ValueError(f"corners: got shape {corners.shape}, but it must be (corners, dimensions)")
    if depth * math.log(len(corners)) > math.log(MOST_POINTS) + 1e-9:
        raise ValueError(f"depth: got {depth}, but {len(corners)}^depth may be at most {MOST_POINTS} points")
    points = corners[:1]
    for _ in range(depth):
        points = np.concatenate([ratio * points + (1 - ratio) * corner for corner in corners])
    return points


def _ratio(ratio: float) -> float:
    return number("ratio", ratio, "in (0, 1)", lambda v: 0 < v < 1)
