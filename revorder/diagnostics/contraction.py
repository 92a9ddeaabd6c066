"""How strongly maps contract: observed on two coupled runs, and along one run to first order."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from revorder.diagnostics.estimates import warn
from revorder.diagnostics.jacobians import Local, floats
from revorder.pytrees import Tree
from revorder.updates.keys import keyed

UNCERTAIN = 0.1  # a standard error of the mean log factor above this, 10 % of the rate, is worth a warning
LOST = 1e4  # two states closer than this many roundings tell nothing about contraction any more


def contraction_rate(update: Callable[..., Tree], start_a: Tree, start_b: Tree, batches: Any) -> float:
    """The geometric mean of the per-step factors by which two runs on the same batches approach each other.

    It is (|a_n - b_n| / |a_0 - b_0|)^(1/n): what contraction does to this pair, below 1 also where single maps expand
    (contraction on average). A Lipschitz constant, which holds for every pair, is at least as large in every step.

    Args:
        update: `update(state, batch, key=None) -> state`.
        start_a, start_b: two states of one layout, at least one of whose floating-point numbers differ.
        batches: at least one; batch i is applied at step i to both.

    Returns:
        A number >= 0; 0 if the two runs meet. Distances are Euclidean over all floating-point numbers of a state.

    Warns:
        EstimateWarning: the factors scatter so much that the rate is uncertain by more than 10 %, or the distance
            sank below rounding, so that only the first steps count.

    Raises:
        ValueError: the starts are equal up to rounding, there is no batch, or a state is not finite.

    Source: Diaconis & Freedman, Iterated random functions, SIAM Review 41 (1999), section 2.

    >>> halfway = lambda theta, x: theta - 0.5 * (theta - x)
    >>> contraction_rate(halfway, torch.tensor(0.0), torch.tensor(1.0), torch.zeros(10))
    0.5
    """
    gaps = list(_gaps(update, start_a, start_b, batches))
    if len(gaps) == 1:
        raise ValueError(f"batches: got {len(batches)}, but the runs never were more than rounding apart after a step")
    if gaps[-1] == 0:
        return 0.0
    logs = np.diff(np.log(gaps))
    rate = math.exp(logs.mean())
    error = standard_error(logs)
    if error > UNCERTAIN:
        warn(
            f"the rate {rate:.3g} rests on {len(logs)} steps; its standard error is {rate * error:.2g}",
            rate,
            rate * error,
        )
    elif len(logs) < len(batches):
        warn(f"the runs are equal up to rounding after {len(logs)} of {len(batches)} steps; the rate {rate:.3g} "
             "is that of these", rate, rate * error)  # fmt: skip
    return rate


def _gaps(update: Callable[..., Tree], a: Tree, b: Tree, batches: Any) -> Iterator[float]:
    """Distances of the two runs after 0, 1, … batches, as long as they are more than rounding, or 0."""
    apply = keyed(update)
    gap = float(torch.linalg.vector_norm(floats(a) - floats(b)))
    if not 0 < gap < math.inf:
        raise ValueError(f"start_a, start_b: their distance is {gap}, but it must be finite and not 0")
    yield gap
    for number in range(len(batches)):
        a, b = (apply(state, batches[number], number) for state in (a, b))
        x, y = floats(a), floats(b)
        gap, size = float(torch.linalg.vector_norm(x - y)), float(torch.linalg.vector_norm(x))
        if not (math.isfinite(gap) and math.isfinite(size)):
            raise ValueError(f"update: the state is not finite since batch {number}; lower the learning rate")
        if 0 < gap < LOST * torch.finfo(x.dtype).eps * size:
            return
        yield gap
        if gap == 0:
            return


def lyapunov_exponent(update: Callable[..., Tree], start: Tree, batches: Any, seed: int = 0) -> float:
    """The largest Lyapunov exponent of the maps along a forward run: the mean log growth of a small perturbation.

    Negative: contraction on average, which is what B_n needs to converge to a point, even where single maps expand.

    Args:
        update: `update(state, batch, key=None) -> state`, differentiable.
        start: the state at step 0.
        batches: the first tenth only turns the perturbation into the direction that grows fastest.
        seed: of the perturbation's first direction.

    Returns:
        Nats per step; -inf if a map forgets its state altogether.

    Warns:
        EstimateWarning: the standard error (of 10 block means) is above 0.1, or there are fewer than 100 batches.

    Source: the subadditive theorem of Furstenberg & Kesten 1960; Diaconis & Freedman 1999, section 2.3.

    >>> halfway = lambda theta, x: theta - 0.5 * (theta - x)
    >>> round(lyapunov_exponent(halfway, torch.tensor(0.0), torch.zeros(100)), 4)  # log ½
    -0.6931
    """
    apply, logs = keyed(update), []
    state, direction = start, Local(update, start).random(seed)
    for number in range(len(batches)):
        local = Local(update, state)
        direction = local.pushed(direction, batches[number], number)
        growth = float(torch.linalg.vector_norm(direction))
        if growth == 0:
            return -math.inf
        logs.append(math.log(growth))
        direction = direction / growth
        state = apply(state, batches[number], number)
    if not logs:
        raise ValueError("batches: got none, but at least one is needed")
    kept = np.array(logs[len(logs) // 10 :])
    exponent, error = float(kept.mean()), block_error(kept)
    if error > UNCERTAIN or len(kept) < 90:
        warn(f"the Lyapunov exponent {exponent:.3g} rests on {len(kept)} steps", exponent, error)
    return exponent


def standard_error(values: np.ndarray) -> float:
    """Of the mean of independent values; infinite for one value that nothing can be compared with."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.inf


def block_error(values: np.ndarray, blocks: int = 10) -> float:
    """The standard error of the mean of correlated values, from the means of consecutive blocks."""
    if len(values) < blocks:
        return math.inf
    return standard_error(np.array([part.mean() for part in np.array_split(values, blocks)]))
