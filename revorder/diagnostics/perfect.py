"""Perfect sampling: backward iterates deep enough to be draws from the stationary law, with a certificate."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import torch

from revorder.diagnostics.jacobians import floats
from revorder.errors import whole
from revorder.pytrees import Tree, concatenated, copies, detach, stack
from revorder.theory import steps_needed
from revorder.updates.keys import keyed
from revorder.updates.randomness import generator

TOGETHER = 4096  # maps whose batches are held at once


def perfect_sample(
    update: Callable[..., Tree],
    start: Tree,
    draw_batch: Callable[[torch.Generator], Tree],
    rate: float,
    tol: float,
    n_samples: int,
    seed: int,
    first_move: float,
) -> Tree:
    """Draws from the stationary law of SGD with i.i.d. batches, each within `tol` of an exact one.

    Sample k is B_n of its own batches; n comes from the a-priori bound rate^n/(1 - rate)·first_move <= tol. Its limit
    B_∞ is an exact draw (coupling from the past), so the law of the samples is within tol of the stationary law in
    W_∞, but not equal to it. A smaller `tol` with the same seed goes on with the same batches: it refines each sample.

    Args:
        update: `update(state, batch, key=None) -> state`.
        start: θ_0, in a closed set X that every map takes into itself.
        draw_batch: `draw_batch(generator) -> batch`, independent draws from a CPU generator.
        rate: ρ < 1, a Lipschitz constant of every map on X in the Euclidean norm.
        tol: > 0, distance in the units of the state.
        n_samples: how many.
        seed: sample k draws from a generator of (seed, k).
        first_move: at least |T θ_0 - θ_0| for EVERY batch that may come, not only for those seen.

    Returns:
        States stacked along a leading axis of n_samples. Cost: n_samples·n evaluations of T.

    Raises:
        ValueError: rate >= 1, where no bound applies; or a batch moved the start by more than `first_move`.

    Source: Propp & Wilson 1996 (coupling from the past); Letac 1986 for the convergence of B_n.

    >>> halfway = lambda theta, x: theta - 0.5 * (theta - x)
    >>> toss = lambda generator: torch.randint(2, (), generator=generator).float()
    >>> perfect_sample(halfway, torch.tensor(0.0), toss, 0.5, tol=1e-3, n_samples=5, seed=0, first_move=0.5).shape
    torch.Size([5])
    """
    whole("n_samples", n_samples, 1)
    whole("seed", seed, 0)
    depth = steps_needed(rate, first_move, tol)
    if hasattr(update, "keyless"):
        with suppress(Exception):  # whether it draws at random is found by trying; errors come up below
            keyed(update)(start, draw_batch(generator(seed, 0)), "trial")
    together = max(1, TOGETHER // max(1, depth)) if getattr(update, "keyless", True) else 1
    parts = [
        _samples(update, start, draw_batch, depth, range(k, min(k + together, n_samples)), seed, first_move)
        for k in range(0, n_samples, together)
    ]
    return concatenated(parts)


def _samples(
    update: Callable[..., Tree],
    start: Tree,
    draw_batch: Callable[[torch.Generator], Tree],
    depth: int,
    samples: range,
    seed: int,
    first_move: float,
) -> Tree:
    """B_depth of some samples, advanced together: at each position every sample takes a batch of its own."""
    sources = [generator(seed, k) for k in samples]
    batches = [stack([draw_batch(source) for source in sources]) for _ in range(depth)]  # batches[0] is the oldest
    states, origin = copies(start, len(samples)), floats(start)
    for number in reversed(range(depth)):
        states = _advance(update, states, batches[number], f"{samples[0]}:{number}")
        if number == depth - 1:
            moved = float(torch.vmap(lambda s: torch.linalg.vector_norm(floats(s) - origin))(states).max())
            if moved > first_move * (1 + 1e-6):
                raise ValueError(f"first_move: got {first_move}, but a batch moved the start by {moved:.6g}")
    return states


def _advance(update: Callable[..., Tree], states: Tree, batches: Tree, key: str) -> Tree:
    apply = keyed(update)
    return detach(torch.vmap(lambda state, batch: apply(state, batch, key), randomness="same")(states, batches))
