"""Bernoulli convolutions: the stationary law of SGD on loss ½(θ - x)², x uniform on {0, 1}, learning rate h.

X = h Σ_i c^(i-1) x_i, c = 1 - h, with values in [0, 1] for h <= 1: uniform at h = ½, the Cantor law at h = 2/3, a coin
at h = 1; below ½ the pieces overlap, and at c = 1/φ (golden ratio) the law is singular (Erdős 1939). Peres, Schlag &
Solomyak, Sixty years of Bernoulli convolutions (2000).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from revorder.theory.checks import Floats, array, number, whole

MODES = 2**17
DIGITS = 60


def bernoulli_convolution_cdf(x: ArrayLike, lr: float) -> Floats | float:
    """P(X <= x) of X = h Σ_i c^(i-1) x_i, x_i independent and uniform on {0, 1}, h = lr.

    For lr >= ½ exact at a point within rounding of x. (Where the law is singular F itself is steep: moving x by 1e-16
    can move F by 1e-10 at lr = 2/3.) For 1e-4 <= lr < ½ within 1e-5, from a Fourier series; below, within 1e-5 by the
    normal law of the same mean ½ and variance h / (4(2 - h)).

    Args:
        x: numbers of any shape; infinite ones are allowed.
        lr: learning rate, 0 < lr <= 1.

    Returns:
        Array of the shape of x, a float for a number.

    Raises:
        ValueError: lr outside (0, 1], or NaN in x.

    >>> bernoulli_convolution_cdf(0.5, lr=2 / 3)
    0.5
    """
    x, lr = array("x", x, finite=False), _rate(lr)
    if lr == 1:
        made = np.where(x < 0, 0.0, np.where(x < 1, 0.5, 1.0))  # a coin: the last batch decides
    elif lr >= 0.5:
        made = _by_digits(np.clip(x, 0, 1), lr)
    elif lr >= 1e-4:
        made = np.interp(x, np.linspace(0, 1, 2 * MODES + 1), _by_series(lr))
    else:
        made = ndtr((x - 0.5) / np.sqrt(lr / (4 * (2 - lr))))
    return made if made.ndim else float(made)


def bernoulli_values(n: int, lr: float) -> Floats:
    """All 2^n values of h Σ_{i<=n} c^(i-1) x_i, equally likely: array (2^n,), 1 <= n <= 20, 0 < lr <= 1.

    In binary, the number of an entry reads x_1 x_2 … x_n; for lr >= ½ the values ascend. X exceeds its first n terms
    by at most cⁿ.

    >>> bernoulli_values(2, lr=0.5)
    array([0.  , 0.25, 0.5 , 0.75])
    """
    lr, values = _rate(lr), np.zeros(1)
    for i in range(whole("n", n, 1, 20)):
        values = np.add.outer(values, [0, lr * (1 - lr) ** i]).ravel()
    return values


def _by_digits(x: Floats, lr: float) -> Floats:
    """F(x) = ½F(x/c) + ½F((x-h)/c) for c <= ½, where at most one of the two is neither 0 nor 1; x in [0, 1]."""
    total, weight = np.zeros_like(x), 0.5
    for _ in range(DIGITS):
        upper = x >= lr
        total = total + weight * upper
        x = np.clip(np.where(upper, x - lr, x) / (1 - lr), 0, 1)  # in the gap between the pieces this gives 1
        weight /= 2
    return total + 2 * weight * x


@lru_cache(maxsize=8)
def _by_series(lr: float) -> Floats:
    """F at the points j / (2 MODES) of [0, 1], for c > ½.

    F(x) - x has period 1, and X has characteristic function e^{it/2} Π_k cos(t h c^k / 2). Its sine series is
    F(x) = x + Σ_m p_m sin(2πmx) / (πm), with p_m = (-1)^m Π_k cos(πmh c^k).
    """
    # for small h the law is near normal, of width √(h/8): higher modes than these vanish, and would only cost time
    m = np.arange(1, MODES if lr >= 0.02 else min(MODES, int(6 / lr**0.5)))
    angle, product = np.pi * m * lr, np.where(m % 2, -1.0, 1.0)
    while angle[-1] > 0.05:
        product *= np.cos(angle)
        angle = angle * (1 - lr)
    # the rest of the product, from log cos u = -u²/2 for small u, summed over u = angle · c^k
    product *= np.exp(-(angle**2) / 2 / (1 - (1 - lr) ** 2))
    coefficients = np.zeros(MODES + 1, dtype=complex)
    coefficients[m] = -0.5j * product / (np.pi * m)
    points = np.linspace(0, 1, 2 * MODES + 1)
    points[:-1] += np.fft.irfft(coefficients, 2 * MODES, norm="forward")
    # cutting the series leaves waves below the stated accuracy; a CDF does not fall
    return np.maximum.accumulate(np.clip(points, 0, 1))


def _rate(lr: float) -> float:
    return number("lr", lr, "in (0, 1]; beyond 1 the law leaves [0, 1]", lambda v: 0 < v <= 1)
