"""Backward-SGD writes numbers in binary: loss ½(θ - x)², x in {0, 1}, learning rate ½, start 0.

Then B_n = Σ_{i<n} x_i 2^-(i+1): the batches are the binary digits of the iterate, the oldest batch the leading digit.
The forward iterate has the same digits, read from the newest batch. Up to scale these are the maps with which
Diaconis & Freedman begin (Iterated random functions, SIAM Review 41 (1999)).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from revorder.theory.checks import number, vector, whole


def binary_fraction(bits: ArrayLike) -> float:
    """The number 0.b_0 b_1 b_2 … in binary: Σ b_i 2^-(i+1), exact.

    Args:
        bits: (n,), each 0 or 1, n <= 53, so that float64 holds the number exactly.

    Raises:
        ValueError: no bits or more than 53, or something other than 0 and 1.

    >>> binary_fraction([1, 0, 1])
    0.625
    """
    bits = vector("bits", bits)
    if len(bits) > 53:
        raise ValueError(f"bits: got {len(bits)} of them, but float64 holds at most 53 exactly")
    if not np.isin(bits, (0, 1)).all():
        raise ValueError(f"bits: got {bits[~np.isin(bits, (0, 1))][0]:g}, but each must be 0 or 1")
    return float(bits @ 2.0 ** -np.arange(1, len(bits) + 1))


def bits_of(fraction: float, n: int) -> np.ndarray:
    """The first n binary digits of a fraction in [0, 1): int64 array (n,), the first one weighs ½; n >= 1.

    >>> bits_of(0.625, 5)
    array([1, 0, 1, 0, 0])
    """
    rest = number("fraction", fraction, "in [0, 1)", lambda v: 0 <= v < 1)
    bits = np.zeros(whole("n", n, 1), dtype=np.int64)
    for i in range(len(bits)):
        rest *= 2  # doubling, and taking away 1, are exact
        bits[i] = rest >= 1
        rest -= bits[i]
    return bits
