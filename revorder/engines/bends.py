"""The audit of the affine engine: do maps that were found affine at one point bend where the run goes?"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np
import torch

from revorder.engines.linear import Linear, Pair
from revorder.planning.plan import Plan
from revorder.pytrees import tree_map

WORDS = 3  # words whose steps are looked at
SAMPLED = 50  # steps of a word that are looked at where its batches cannot be stacked


def audit(linear: Linear, letters: list[int], pairs: Iterable[Pair], plan: Plan, start: torch.Tensor) -> None:
    """Hold the steps along some words to the plain steps, at the states that the affine recursion reaches there.

    Args:
        letters, pairs: all letters, ascending, with their (M_i, m_i), found by `linear.many`.
        start: (d,) the start.

    Raises:
        NotAffineError: a map that bends somewhere on the way.
    """
    matrices, shifts = (torch.stack(each) for each in zip(*pairs, strict=True))
    batches = tree_map(lambda *parts: torch.cat(parts), *linear.stacks) if linear.stacks else None
    for word in _some_words(plan):
        where = np.searchsorted(letters, plan.letters[word])
        states = _along(matrices, shifts, where, start)
        some, spelled = np.arange(len(word)), plan.letters[word].tolist()
        if batches is not None:
            own = tree_map(lambda leaf, where=where: leaf[torch.from_numpy(where).to(leaf.device)], batches)
            plain = torch.vmap(partial(linear.apply, spelled[0]))(states[:-1], own)
        else:
            some = np.unique(np.linspace(0, len(word) - 1, SAMPLED).astype(int))
            steps = [(spelled[i], states[i], linear.maps.batch(spelled[i])) for i in some.tolist()]
            plain = torch.stack([linear.apply(*step) for step in steps])
        _compare(linear, [spelled[i] for i in some], states[:-1][some], states[1:][some], plain)


def _compare(linear: Linear, word: list[int], before: torch.Tensor, after: torch.Tensor, plain: torch.Tensor) -> None:
    """Refuse the first step, of those given as (steps, d), whose affine form is not the plain one up to rounding."""
    gap = torch.linalg.vector_norm(after - plain, dim=1)
    size = torch.stack([plain, before, after]).abs().amax(0).norm(dim=1)
    bends = ~(gap <= linear.vectors.eps ** (2 / 3) * size) & before.isfinite().all(1)
    bends &= plain.isfinite().all(1) | after.isfinite().all(1)  # where both overflow there is nothing to compare
    for i in bends.nonzero().flatten().tolist():
        linear.refuse(linear.maps.numbers[word[i]], gap[i].item(), size[i].item(), "a state of the run")
    linear.maps.audit.add(len(word), float((gap / size).nan_to_num(0, 0).max()))


def _along(matrices: torch.Tensor, shifts: torch.Tensor, where: np.ndarray, start: torch.Tensor) -> torch.Tensor:
    """(steps + 1, d) the states s, M s + m, …; by NumPy on a CPU, whose small products begin sooner."""
    if start.device.type != "cpu" or start.dtype not in (torch.float32, torch.float64):
        states = [start]
        for i in where.tolist():
            states.append(torch.addmv(shifts[i], matrices[i], states[-1]))
        return torch.stack(states)
    found = np.empty((len(where) + 1, len(start)), dtype=start.numpy().dtype)
    found[0] = start.numpy()
    by, to = matrices.numpy(), shifts.numpy()
    with np.errstate(all="ignore"):  # states that overflow are found where they are gathered
        for step, i in enumerate(where.tolist()):
            found[step + 1] = by[i] @ found[step] + to[i]
    return torch.from_numpy(found)


def _some_words(plan: Plan) -> list[np.ndarray]:
    """The longest word, and some others of half its length together."""
    longest = max(range(len(plan.words)), key=lambda row: len(plan.words[row]))
    chosen, room = [plan.words[longest]], len(plan.words[longest]) // 2
    for row in np.random.default_rng(0).permutation(len(plan.words)).tolist():
        if row != longest and len(plan.words[row]) <= room and len(chosen) < WORDS:
            chosen.append(plan.words[row])
            room -= len(plan.words[row])
    return chosen
