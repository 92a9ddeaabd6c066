"""Random affine maps θ → aθ + b with a random slope a: they may contract on average although some of them expand.

Backward iterates converge when the Lyapunov exponent E log|a| is negative and the shifts are bounded, or at least
E log⁺|b| is finite (Diaconis & Freedman, Iterated random functions, SIAM Review 41 (1999)). If some of the maps expand,
P(|a| > 1) > 0, and they have no common fixed point, the limit has a power tail (Kesten 1973), maybe with no variance.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from revorder.theory.checks import Floats, array, vector


def lyapunov_exponent(slopes: ArrayLike, probabilities: ArrayLike | None = None) -> float:
    """E log|a|, per step; negative: the maps contract on average. A slope of 0 (with some chance) gives -inf.

    Args:
        slopes: (k,), the values of a.
        probabilities: (k,), their chances, which sum to 1; equal chances by default.

    Raises:
        ValueError: no slopes, shapes that differ, chances that are negative or do not sum to 1.

    >>> round(lyapunov_exponent([-1.5, 0.5]), 4)
    -0.1438
    """
    logs, chances = _logs(slopes, probabilities)
    return float(chances @ logs)


def tail_index(slopes: ArrayLike, probabilities: ArrayLike | None = None) -> float:
    """Kesten's κ > 0 with E|a|^κ = 1: the stationary law has P(|θ| > t) of order t^-κ, and no moment from κ on.

    Kesten, Acta Math. 131 (1973); Goldie, Ann. Appl. Probab. 1 (1991). It needs maps that expand with some chance,
    P(|a| > 1) > 0; a law that is no single point: the maps have no common fixed point; shifts b with a moment of order
    κ; and values log|a| ≠ -∞ that are not all multiples of one number (else the tail also oscillates).

    Args: as in `lyapunov_exponent`.

    Returns:
        κ, or math.inf if no slope is beyond 1 in size: bounded shifts then give a law with all moments, a bounded one
        if all slopes are below 1.

    Raises:
        ValueError: the Lyapunov exponent is not negative, so there is no stationary law to speak of.

    >>> round(tail_index([-1.5, 0.5]), 12)
    1.0
    """
    logs, chances = _logs(slopes, probabilities)
    exponent = float(chances @ logs)
    if exponent >= 0:
        raise ValueError(f"slopes: got Lyapunov exponent {exponent:.4g}, but a stationary law needs a negative one")
    if logs.max() <= 0:
        return math.inf

    def excess(kappa: float) -> float:  # (E|a|^κ - 1) / κ rises from E log|a| < 0 at κ = 0 and crosses 0 once
        return float(chances @ np.expm1(kappa * logs)) / kappa

    high = low = 1.0
    while excess(high) <= 0:
        high *= 2
    while excess(low) >= 0:
        low /= 2
    return float(brentq(excess, low, high, rtol=1e-14))


def _logs(slopes: ArrayLike, probabilities: ArrayLike | None) -> tuple[Floats, Floats]:
    """log|a| and chances of the slopes that have any chance."""
    slopes = vector("slopes", slopes)
    chances = array("probabilities", np.full(len(slopes), 1 / len(slopes)) if probabilities is None else probabilities)
    if chances.shape != slopes.shape:
        raise ValueError(f"probabilities: got shape {chances.shape}, but slopes has shape {slopes.shape}")
    if (chances < 0).any() or abs(chances.sum() - 1) > 1e-9:
        raise ValueError(f"probabilities: got {probabilities!r}, but they must be >= 0 and sum to 1")
    possible = chances > 0  # 0 · log 0 would be NaN
    with np.errstate(divide="ignore"):
        return np.log(np.abs(slopes[possible])), chances[possible]
