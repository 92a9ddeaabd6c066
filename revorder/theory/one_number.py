"""SGD on one number: loss ½(θ - x)², so that T(θ) = cθ + h·x with learning rate h and c = 1 - h.

Every iterate is a weighted sum of the batches, and every variance below follows from the weights. `variance` is the
variance of one batch x, in squared units of x; so are the results. Under i.i.d. batches the forward iterates are an
autoregression of order one (Box & Jenkins, Time series analysis, 1970).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from revorder.theory.checks import Floats, not_negative, number, positive, vector, whole


def batch_weights(word: Sequence[int], lr: float) -> Floats:
    """The weight of every batch in the final state: θ = cⁿ θ_0 + weights @ x, for a word of length n.

    Whatever is applied at position p is then damped n - 1 - p times: it weighs h c^(n-1-p). Repeats add up.

    Args:
        word: batch numbers in the order of application, first applied first, as `order.word(n)` gives.
        lr: learning rate, > 0.

    Returns:
        Array (max(word) + 1,); batches that are not in the word weigh 0.

    Raises:
        ValueError, TypeError: an empty word, or one with anything but integers >= 0; lr not a positive number.

    >>> batch_weights((2, 1, 0), lr=0.5)  # backward: batch 0 weighs most
    array([0.5  , 0.25 , 0.125])
    """
    lr = positive("lr", lr)
    numbers = [whole("word", number, 0) for number in word]
    if not numbers:
        raise ValueError("word: got an empty word, but it must name at least one batch")
    damped = np.arange(len(numbers) - 1, -1, -1)
    # with weights the counts are floats, though numpy's types say integers
    return np.bincount(numbers, weights=lr * (1 - lr) ** damped)  # type: ignore[return-value]


def stationary_variance(lr: float, variance: float = 1.0) -> float:
    """h / (2 - h) · variance: the stationary variance of the iterates under i.i.d. batches, and that of B_∞.

    It solves σ² = c²σ² + h²·variance. lr in (0, 2).

    >>> round(stationary_variance(0.1), 4)
    0.0526
    """
    lr = _stable(lr)
    return lr / (2 - lr) * not_negative("variance", variance)


def reshuffle_variance(weights: ArrayLike, epoch: int, variance: float = 1.0) -> float:
    """Variance of weights @ x when every epoch is a fresh permutation of the same `epoch` values.

    Two batches of one epoch have covariance -variance / (epoch - 1), as in sampling without replacement (Cochran,
    Sampling techniques, 1977), because the sum over an epoch is a constant. Different epochs are independent.

    Args:
        weights: (n,), the weight of batch i at position i. The last epoch may be incomplete.
        epoch: K >= 2, batches in an epoch.
        variance: population variance (divisor K) of the K values.

    >>> weights = batch_weights(range(1005), lr=0.1)  # forward, five batches into an epoch of ten
    >>> round(reshuffle_variance(weights, 10), 4), round(reshuffle_variance(weights[::-1], 10), 4)
    (0.0211, 0.0048)
    """
    weights, epoch = vector("weights", weights), whole("epoch", epoch, 2)
    variance = not_negative("variance", variance)
    starts = np.arange(0, len(weights), epoch)
    squares, sums = np.add.reduceat(weights**2, starts), np.add.reduceat(weights, starts)
    return float(variance * (squares - (sums**2 - squares) / (epoch - 1)).sum())


def averaged_variance(lr: float, n: int, variance: float = 1.0) -> float:
    """Variance of the mean of n consecutive stationary forward iterates; n times it tends to `variance`, for every lr.

    Iterates k steps apart have covariance σ² c^k, σ² = `stationary_variance`. Summed over all pairs, and divided by n²,
    that is variance / n - 2cσ² (1 - cⁿ) / (hn)². The two terms cancel when n·lr is tiny: the relative rounding error
    is about 1e-16 / (n·lr).

    Args:
        lr: learning rate, in (0, 2).
        n: how many iterates, >= 1.
        variance: of one batch.

    >>> round(averaged_variance(0.1, 1), 4), round(1e6 * averaged_variance(0.1, 10**6), 4)
    (0.0526, 1.0)
    """
    lr, n = _stable(lr), whole("n", n, 1)
    c, sigma2 = 1 - lr, stationary_variance(lr, variance)
    return variance / n - 2 * c * sigma2 * (1 - c**n) / (lr * n) ** 2


def ema_variance(lr: float, decay: float, variance: float = 1.0) -> float:
    """Stationary variance of the running mean m ← decay·m + (1 - decay)·θ of the forward iterates.

    With γ the decay: σ² (1 - γ)(1 + γc) / ((1 + γ)(1 - γc)), from the covariance σ² c^k of the iterates. It is not 0:
    a running mean does not converge either.

    Args:
        lr: learning rate, in (0, 2).
        decay: in [0, 1).
        variance: of one batch.

    >>> ema_variance(0.1, 0.0) == stationary_variance(0.1)
    True
    """
    lr, decay = _stable(lr), number("decay", decay, "in [0, 1)", lambda v: 0 <= v < 1)
    blend = decay * (1 - lr)
    return stationary_variance(lr, variance) * (1 - decay) * (1 + blend) / ((1 + decay) * (1 - blend))


def batches_backward_is_worth(lr: float) -> float:
    """(2 - h) / h: the number of independent batches whose plain mean has the variance of B_∞. lr in (0, 2).

    >>> round(batches_backward_is_worth(0.1), 6)
    19.0
    """
    lr = _stable(lr)
    return (2 - lr) / lr


def _stable(lr: float) -> float:
    return number("lr", lr, "in (0, 2), where the iteration is stable", lambda v: 0 < v < 2)
