"""The audit of the affine engine: do maps that were found affine at one point bend where the run goes?"""

from __future__ import annotations

from functools import partial

import numpy as np
import torch

from revorder.engines.linear import Linear, Pair, alike
from revorder.planning.plan import Plan
from revorder.pytrees import stack, tree_map

ALL = 6000  # steps of all words together, up to which all are looked at
MOST = 1000  # steps that are looked at in longer ones
STEPS = 500  # along some words besides the longest, and as many at the beginnings of all words
SAMPLED = 50  # steps that are looked at where batches cannot be stacked
ALONE = 1  # steps that are made without torch.vmap, which might be what is wrong
TOGETHER = 64  # maps in one batched call
SHARE = 8  # one in so many products is made again step by step, where states are too large for matrices

Steps = tuple[np.ndarray, torch.Tensor, torch.Tensor]  # positions of the letters, states (steps, d) before and after


def audit(
    linear: Linear, letters: list[int], matrices: torch.Tensor, shifts: torch.Tensor, plan: Plan, start: torch.Tensor
) -> None:
    """Hold steps of the affine recursion to the plain steps, at the states that it reaches.

    In short runs at all of them; else all along the longest word and some others, and at the beginnings of words.

    Args:
        letters: all letters, ascending.
        matrices, shifts: (letters, d, d) and (letters, d) their M_i and m_i, found by `linear.many`.
        start: (d,) the start.

    Raises:
        NotAffineError: a map that bends somewhere on the way.
    """
    spell = partial(_spelled, plan, np.array(letters))
    if plan.naive_cost <= ALL:
        words = [spell(row) for row in range(len(plan.words))]
        parts = _beginnings(matrices, shifts, words, start, max(map(len, words)))
    else:
        many = np.random.default_rng(1).permutation(len(plan.words))[:STEPS].tolist()
        length = max(1, STEPS // len(many))
        parts = _beginnings(matrices, shifts, [spell(row, length) for row in many], start, length)
        parts += [_along(matrices, shifts, spell(row), start) for row in _some_rows(plan)]
    where = np.concatenate([part[0] for part in parts])
    before, after = torch.cat([part[1] for part in parts]), torch.cat([part[2] for part in parts])
    if len(where) > MOST and plan.naive_cost > ALL:  # looked at in one batched call, which must not take long
        kept = np.sort(np.random.default_rng(2).permutation(len(where))[:MOST])
        where, before, after = where[kept], before[kept], after[kept]
    look(linear, letters, where, before, after)
    if plan.naive_cost > ALL:
        first = np.unique([spell(row, 1)[0] for row in range(len(plan.words))])
        audit_first(linear, letters, first, (matrices, shifts), start)


def audit_first(linear: Linear, letters: list[int], where: np.ndarray, pairs: Pair, start: torch.Tensor) -> None:
    """The same for the first steps of words, all of them: a map may bend at the start only."""
    before = start.expand(len(where), -1)
    look(linear, letters, where, before, moved(pairs, where, before))


def moved(pairs: Pair, where: np.ndarray, states: torch.Tensor) -> torch.Tensor:
    """States (steps, d) under the maps M s + m at these positions of `pairs`, all M_i and m_i."""
    matrices, shifts = pairs
    return torch.baddbmm(shifts[where][:, :, None], matrices[where], states[:, :, None])[:, :, 0]


def look(linear: Linear, letters: list[int], where: np.ndarray, before: torch.Tensor, after: torch.Tensor) -> None:
    """Compare steps (steps, d) with the plain ones: in one batched call, or a few of them, one by one."""
    batches, some = linear.batches, np.arange(len(where))
    if batches is not None:
        index = torch.from_numpy(where)
        batches = tree_map(lambda leaf: leaf[index.to(leaf.device)], batches)
        plain = torch.vmap(partial(linear.apply, letters[0]))(before, batches)
        alone = np.random.default_rng(3).integers(len(where), size=ALONE)
    else:
        alone = some = np.unique(np.linspace(0, len(where) - 1, SAMPLED).astype(int))
        plain = torch.empty_like(before)
    for i in alone.tolist():
        plain[i] = _plain(linear, letters[where[i]], before[i])
    _compare(linear, [letters[i] for i in where[some]], before[some], after[some], plain[some])


def chosen_rows(plan: Plan) -> set[int]:
    """Rows whose words take little time to be made step by step, where states are too large for matrices."""
    room, found = plan.n_suffixes // SHARE, set()
    for row in np.random.default_rng(0).permutation(len(plan.words)).tolist():
        if len(plan.words[row]) <= room:
            found.add(row)
            room -= len(plan.words[row])
    return found


def replayed(linear: Linear, plan: Plan, start: torch.Tensor, reached: dict[int, torch.Tensor]) -> None:
    """Make some words step by step; `reached` are the states (d,) that the affine engine has for their rows."""
    for row, found in reached.items():
        state = start
        for letter in plan.letters[plan.words[row]].tolist():
            before, state = state, _plain(linear, letter, state)
        _compare(linear, [letter], before[None], found[None], state[None])


def between(linear: Linear, letters: list[int], start: torch.Tensor, last: torch.Tensor) -> None:
    """Refuse maps that bend between the start and the last state (d,): T(start + t (last - start)) must be linear in t.

    For states that are too large for matrices. In backward order the first batches act last, far from the start.
    """
    if not (last.isfinite().all() and linear.maps.may_trace):
        return
    for first in range(0, len(letters), TOGETHER):
        part = letters[first : first + TOGETHER]
        batches = [linear.maps.batch(letter) for letter in part]
        if not alike(batches):
            continue
        t = torch.rand(len(part), 1, generator=linear.generator, dtype=torch.float64).to(start)
        apply = torch.vmap(partial(linear.apply, part[0]))
        points = start.expand(len(part), -1), last.expand(len(part), -1), start + t * (last - start)
        at_start, at_last, inside = (apply(point, stack(batches)).detach() for point in points)
        _compare(linear, part, points[2], at_start + t * (at_last - at_start), inside)


def _plain(linear: Linear, letter: int, state: torch.Tensor) -> torch.Tensor:
    after = linear.maps.plain_step(linear.maps.update, letter, linear.vectors.tree(state), linear.maps.batch(letter))
    return linear.vectors.flat(after).detach()


def _compare(linear: Linear, word: list[int], before: torch.Tensor, after: torch.Tensor, plain: torch.Tensor) -> None:
    """Refuse the first step, of those given as (steps, d), whose affine form is not the plain one up to rounding."""
    gap = torch.linalg.vector_norm(after - plain, dim=1)
    size = torch.stack([plain, before, after]).abs().amax(0).norm(dim=1)
    bends = ~(gap <= linear.vectors.eps ** (2 / 3) * size) & before.isfinite().all(1)
    bends &= plain.isfinite().all(1) | after.isfinite().all(1)  # where both overflow there is nothing to compare
    for i in bends.nonzero().flatten().tolist():
        linear.refuse(linear.maps.numbers[word[i]], gap[i].item(), size[i].item(), "a state of the run")
    linear.maps.audit.add(len(word), float((gap / size).nan_to_num(0, 0).max()))


def _along(matrices: torch.Tensor, shifts: torch.Tensor, where: np.ndarray, start: torch.Tensor) -> Steps:
    """The steps s -> M s + m of one word; by NumPy on a CPU, whose small products begin sooner."""
    if start.device.type != "cpu" or start.dtype not in (torch.float32, torch.float64):
        states = [start]
        for i in where.tolist():
            states.append(torch.addmv(shifts[i], matrices[i], states[-1]))
        return where, torch.stack(states[:-1]), torch.stack(states[1:])
    found = np.empty((len(where) + 1, len(start)), dtype=start.numpy().dtype)
    found[0] = start.numpy()
    by, to = matrices.numpy(), shifts.numpy()
    with np.errstate(all="ignore"):  # states that overflow are found where they are gathered
        for step, i in enumerate(where.tolist()):
            found[step + 1] = by[i] @ found[step] + to[i]
    return where, torch.from_numpy(found[:-1]), torch.from_numpy(found[1:])


def _beginnings(
    matrices: torch.Tensor, shifts: torch.Tensor, words: list[np.ndarray], start: torch.Tensor, length: int
) -> list[Steps]:
    """The first steps of some words, all words together: in backward order every batch is the first of one."""
    states, found = start.expand(len(words), -1), []
    for position in range(length):
        on = [row for row, word in enumerate(words) if len(word) > position]
        words, states = [words[row] for row in on], states[on]
        if not words:
            break
        where = np.array([word[position] for word in words])
        after = moved((matrices, shifts), where, states)
        found.append((where, states, after))
        states = after
    return found


def _spelled(plan: Plan, known: np.ndarray, row: int, length: int | None = None) -> np.ndarray:
    """A word, or its beginning, as positions among the known letters."""
    positions: np.ndarray = np.searchsorted(known, plan.letters[plan.words[row][:length]])
    return positions


def _some_rows(plan: Plan) -> list[int]:
    """The rows of the longest word, and of some others of so many steps together."""
    lengths = np.array([len(word) for word in plan.words])
    longest = int(lengths.argmax())
    chosen, room = [longest], max(STEPS - lengths[longest], STEPS // 4)
    for row in np.random.default_rng(0).permutation(len(lengths)).tolist():
        if row != longest and lengths[row] <= room:
            chosen.append(row)
            room -= lengths[row]
    return chosen
