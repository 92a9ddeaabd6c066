"""Tosses without a stored sequence: toss i of a seed is a hash of both, the same here as in `js/random.js`.

The hash is C. Wellons' lowbias32 (https://nullprogram.com/blog/2018/07/31/), applied to the seed and to the number.
"""

from __future__ import annotations

import numpy as np

_TO_32_BITS = np.uint64(0xFFFFFFFF)


def bits(seed: int, numbers: np.ndarray, stream: int = 0) -> np.ndarray:
    """32 random bits for each number, as uint64 array of the same shape.

    Args:
        seed: which sequence, 0 <= seed < 2^32.
        numbers: integers >= 0.
        stream: tells apart what one seed is used for.
    """
    key = _mixed(_product(np.array(stream), 0x85EBCA6B) + np.uint64(seed))
    return _mixed(key + _product(np.asarray(numbers) + 1, 0x9E3779B1))


def uniform(seed: int, n: int, stream: int = 0) -> np.ndarray:
    """n numbers in [0, 1), float64 (n,)."""
    return np.asarray(bits(seed, np.arange(n), stream) / 2.0**32)


def tosses(seed: int, n: int, sides: int = 2, stream: int = 0) -> np.ndarray:
    """n of 0 … sides - 1, all equally likely: int64 (n,)."""
    return (uniform(seed, n, stream) * sides).astype(np.int64)


def normal(seed: int, n: int, stream: int = 0) -> np.ndarray:
    """n standard normal numbers, float64 (n,), by Box and Muller's method."""
    first, second = uniform(seed, 2 * n, stream).reshape(n, 2).T
    return np.asarray(np.sqrt(-2 * np.log(1 - first)) * np.cos(2 * np.pi * second))


def _product(numbers: np.ndarray, factor: int) -> np.ndarray:
    return (numbers.astype(np.uint64) * np.uint64(factor)) & _TO_32_BITS


def _mixed(x: np.ndarray) -> np.ndarray:
    x = x & _TO_32_BITS
    x = _product(x ^ (x >> np.uint64(16)), 0x7FEB352D)
    x = _product(x ^ (x >> np.uint64(15)), 0x846CA68B)
    return np.asarray(x ^ (x >> np.uint64(16)))
