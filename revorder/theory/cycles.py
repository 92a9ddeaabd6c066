"""Cyclic batches: K affine maps T_k(θ) = a_k θ + b_k, used again and again in the same order; batch i is map i mod K.

Forward iterates approach a cycle of K points, backward iterates ONE point: over a whole cycle both iterate a single
affine map, and its fixed point attracts (Banach 1922) when the spectral radius of its slope is below 1. That is one
condition for both orders when the slopes are symmetric, as those of gradient descent are, but not in general.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from revorder.theory.checks import Floats, array


def cycle_points(slopes: ArrayLike, shifts: ArrayLike) -> np.ndarray:
    """The K points that forward iterates F_n = T_{n-1}∘…∘T_0(θ_0) approach: entry r is their limit along n ≡ r mod K.

    Entry 0 is the fixed point of T_{K-1}∘…∘T_0, the state after whole cycles; entry r+1 is T_r of entry r, and T_{K-1}
    of the last entry is entry 0 again. No entry is the minimiser of the mean loss, in general.

    Args:
        slopes: (K,) numbers, or (K, d, d) matrices.
        shifts: (K,) numbers, or (K, d) vectors.

    Returns:
        Array of the shape of `shifts`.

    Raises:
        ValueError: other shapes, or a composition that does not contract over a whole cycle.

    >>> cycle_points([0.5, 0.5], [0.0, 0.5])  # the batches are 0, 1, 0, 1, …: limits 2/3 and 1/3
    array([0.66666667, 0.33333333])
    """
    matrices, vectors = _maps(slopes, shifts)
    points = [_fixed_point(matrices, vectors)]
    for matrix, vector in zip(matrices[:-1], vectors[:-1], strict=True):
        points.append(matrix @ points[-1] + vector)
    return np.stack(points).reshape(np.shape(shifts))


def backward_limit(slopes: ArrayLike, shifts: ArrayLike) -> np.ndarray | float:
    """The limit of the backward iterates B_n: the fixed point of T_0∘…∘T_{K-1}, where T_{K-1} is applied first.

    At n = qK + r, B_n is (T_0∘…∘T_{K-1}) applied q times to T_0∘…∘T_{r-1}(θ_0), so the residue r is forgotten.

    Args and errors: as for `cycle_points`.

    Returns:
        A float for numbers, an array (d,) for matrices.

    >>> round(backward_limit([0.5, 0.5], [0.0, 0.5]), 6)
    0.333333
    """
    matrices, vectors = _maps(slopes, shifts)
    point = _fixed_point(matrices[::-1], vectors[::-1])
    return point if np.ndim(shifts) == 2 else float(point[0])


def _maps(slopes: ArrayLike, shifts: ArrayLike) -> tuple[Floats, Floats]:
    """The maps as arrays (K, d, d) and (K, d)."""
    slopes, shifts = array("slopes", slopes), array("shifts", shifts)
    expected = shifts.shape if shifts.ndim == 1 else (*shifts.shape, *shifts.shape[1:])
    if shifts.ndim not in (1, 2) or 0 in shifts.shape or slopes.shape != expected:
        raise ValueError(
            f"slopes, shifts: got shapes {slopes.shape} and {shifts.shape}, "
            "but they must be (K,) and (K,), or (K, d, d) and (K, d)"
        )
    return (slopes, shifts) if shifts.ndim == 2 else (slopes[:, None, None], shifts[:, None])


def _fixed_point(matrices: Floats, vectors: Floats) -> np.ndarray:
    """Fixed point (d,) of the composition in which the first map is applied first."""
    slope, shift = np.eye(vectors.shape[1]), np.zeros(vectors.shape[1])
    for matrix, vector in zip(matrices, vectors, strict=True):
        slope, shift = matrix @ slope, matrix @ shift + vector
    radius = np.abs(np.linalg.eigvals(slope)).max()
    if radius >= 1:
        raise ValueError(f"slopes: got a cycle with spectral radius {radius:.4g}, but it must be < 1 to converge")
    return np.linalg.solve(np.eye(len(shift)) - slope, shift)
