"""How far a backward iterate is from its limit: the bound that needs only constants, and one that does not apply.

Setting: every map T_i sends a closed set into itself and is `rate`-Lipschitz there, rate < 1. The backward iterates
B_n = T_0∘…∘T_{n-1}(θ_0) then converge to a point B_∞ that does not depend on θ_0 (Letac 1986; Diaconis & Freedman,
Iterated random functions, SIAM Review 41 (1999)).
"""

from __future__ import annotations

from bisect import bisect_left

from revorder.theory.checks import not_negative, number, positive, whole


def error_bound(rate: float, n: int, first_move: float) -> float:
    """A priori bound on |B_∞ - B_n|, the distance of the backward iterate at step n from its limit.

    One more batch changes B_n by at most rateⁿ |Tθ_0 - θ_0|; summing that geometric series from n on gives
    rateⁿ / (1 - rate) · first_move.

    Args:
        rate: common Lipschitz constant of the maps, in [0, 1).
        n: step, >= 0.
        first_move: a bound on |Tθ_0 - θ_0| over EVERY batch that may still come. The maximum over the batches seen so
            far is not enough: B_∞ - B_n is made of the batches after n only, and a rare one may move θ_0 further.

    Returns:
        The bound, in the unit of `first_move`.

    Raises:
        ValueError: rate >= 1, where no such bound exists, or an argument that is negative, NaN or infinite.
        TypeError: an argument that is not a number, or n not whole.

    >>> error_bound(0.5, 10, 0.5)
    0.0009765625
    """
    rate, n = _rate(rate), whole("n", n, 0)
    return rate**n / (1 - rate) * not_negative("first_move", first_move)


def steps_needed(rate: float, first_move: float, tol: float) -> int:
    """The smallest n with error_bound(rate, n, first_move) <= tol.

    Args: as for `error_bound`; `tol` > 0, in the unit of `first_move`.

    >>> steps_needed(0.5, 0.5, 0.001)
    10
    """
    rate, first_move, tol = _rate(rate), not_negative("first_move", first_move), positive("tol", tol)

    def enough(n: int) -> bool:
        return error_bound(rate, n, first_move) <= tol

    # asking error_bound itself, not its logarithm, gives the promised n where rounding would be off by one
    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    return low + bisect_left(range(low, high), True, key=enough)


def a_posteriori_bound(rate: float, last_move: float) -> float:
    """Banach's bound rate / (1 - rate) · |θ_n - θ_{n-1}| on the distance of θ_n to ONE contraction's fixed point.

    It holds when the same map is iterated (Banach 1922). It is INVALID for backward sequences: B_n - B_{n-1} tells how
    little batch n-1 changed, which promises nothing about later batches. On binary digits it fails about half the
    time: a digit 0 does not move B at all, yet later digits may be 1. Use `error_bound` there.

    Args:
        rate: Lipschitz constant of the map, in [0, 1).
        last_move: |θ_n - θ_{n-1}|, >= 0.

    >>> a_posteriori_bound(0.5, 0.25)
    0.25
    """
    rate = _rate(rate)
    return rate / (1 - rate) * not_negative("last_move", last_move)


def _rate(rate: float) -> float:
    rate = number("rate", rate, "in [0, 1)", lambda v: v >= 0)
    if rate >= 1:
        raise ValueError(f"rate: got {rate}, but the bound is not applicable unless the maps contract: rate in [0, 1)")
    return rate
