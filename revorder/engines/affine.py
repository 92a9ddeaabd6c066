"""The affine engine: maps T_i(s) = M_i s + m_i are composed before they meet the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from revorder.engines import bends
from revorder.engines.chains import chain_of, of_maps, of_square, work_of_square
from revorder.engines.linear import Linear, Pair, Vectors
from revorder.engines.maps import Maps
from revorder.engines.memory import ran_out
from revorder.engines.stopwatch import shortest
from revorder.planning.plan import Plan
from revorder.pytrees import Tree

BLOCK = 256  # checkpoints handed over at once
SMALL = 128  # up to this many numbers in a state, all matrices M_i are found first, many in one call
HELD = 2**25  # numbers in all these matrices together, at most
OPERATIONS = 1e10  # a second, of matrix products: a cautious guess
AT_ONCE, MANY = 2**19, 1024  # numbers in the matrices found in one call, and matrices


@dataclass(frozen=True)
class Affine:
    """Composes affine maps: N products give N steps of backward order, instead of N(N+1)/2 evaluations of T.

    For models that are linear in their parameters, with square loss, under SGD with or without momentum, Nesterov
    and weight decay; and for any other update that is affine in its state. A word sends the start s_0 to A s_0 + b.
    With batch i applied before it, the pair becomes (A M_i, A m_i + b), so words with a common ending share its pair:
    one product for each distinct non-empty suffix (`Plan.suffixes`), and `Trajectory.cost` counts these. Words of
    backward order are each other's suffixes; those of forward order share none.

    A M_i comes from automatic differentiation, one backward pass for each row of A: O(batch size · d²) for a state
    of d numbers, as the gradient of a batch has low rank. It pays from about N > 2d steps. Where all M_i fit into
    memory, words that are each other's suffixes are composed by doubling (`doubling`). `torch.nn.Linear` with square
    loss under plain SGD is recognised: M_i has a closed form there, and large states sweep through windows (`squares`).

    Exact up to rounding, as the other engines are. Each map is compared with its affine form at a random point; and,
    for small states, at every state along the longest word and some others, and at the beginnings of words; else at a
    state that the run reaches and between start and end, and some words are made step by step: absolute and Huber loss,
    hinges and projections are affine near the start and bend elsewhere. The matrices A can overflow where the states do
    not.

    Raises (from `run`):
        TypeError: a leaf of the start that is not of a real floating-point dtype.
        ValueError: an update that is not affine in its state, or that torch cannot differentiate.

    Source: composition of affine maps; Dherin et al. (arXiv 2502.01557) leave efficient backward-SGD to future work.
    """

    def cost(self, plan: Plan) -> int:
        """The number of products."""
        return plan.n_suffixes

    def recognises(self, maps: Maps, start: Tree, plan: Plan) -> bool:
        """Whether this run has a closed form, which no engine beats: nothing need be timed. Takes about 1 ms."""
        return work_of_square(maps, start, plan) is not None

    def probe(self, maps: Maps, start: Tree, plan: Plan) -> float | None:
        """About how many seconds one product takes, by trying; None if the first batches' maps are not affine.

        Too little memory for it is no such answer, and is raised.
        """
        letters, work = _letters(plan), work_of_square(maps, start, plan)
        if work is not None:
            return work / OPERATIONS / self.cost(plan)
        try:
            linear = Linear(maps, Vectors(start), start, letters[0])
            if _small(linear, letters):
                return shortest(lambda: linear.many(letters[:32])) / len(letters[:32])
            rows = torch.eye(64, linear.d).to(linear.like)
            return shortest(lambda: linear.one(letters[0], rows)) * linear.d / 64
        except (TypeError, ValueError) as error:
            if ran_out(error):
                raise
            return None

    def states(
        self, maps: Maps, start: Tree, plan: Plan, advanced: Callable[[int], Any]
    ) -> Iterator[tuple[np.ndarray, Tree]]:
        chain = chain_of(plan)
        found = chain and of_square(maps, start, chain, advanced)
        if found is not None:
            yield np.arange(len(plan.steps)), found
            return
        vectors = Vectors(start)
        flat = vectors.flat(start)
        linear, letters = Linear(maps, vectors, start, int(plan.suffixes.letter[1])), _letters(plan)
        matrices = _matrices(linear, letters) if _small(linear, letters) else {}
        states = of_maps(linear, letters, chain, plan, flat) if matrices and chain is not None else None
        if states is not None and chain is not None:
            advanced(len(chain.letters))
            yield np.arange(len(plan.steps)), vectors.tree(states)
            return
        if matrices and not flat.is_meta:
            bends.audit(linear, letters, *linear.everything(), plan, flat)
        extend = _extension(linear, matrices, flat)
        rows: list[int] = []
        reached: list[torch.Tensor] = []
        known: dict[int, torch.Tensor] = {}
        checked = set() if _small(linear, letters) or flat.is_meta else bends.chosen_rows(plan)
        for here, vector in _walk(extend, flat, plan, advanced):
            rows += here
            known |= dict.fromkeys(checked.intersection(here), vector)
            reached += [vector] * len(here)
            if len(rows) >= BLOCK:
                yield np.array(rows), vectors.tree(torch.stack(reached))
                rows, reached = [], []
        bends.replayed(linear, plan, flat, known)
        if known:
            bends.between(linear, letters, flat, vector)
        if rows:
            yield np.array(rows), vectors.tree(torch.stack(reached))


def _walk(
    extend: Callable[[int, Pair], Pair], start: torch.Tensor, plan: Plan, advanced: Callable[[int], Any]
) -> Iterator[tuple[list[int], torch.Tensor]]:
    """Depth-first over the suffixes, to hold few pairs (A, b): the rows of each word reached, and its A s_0 + b."""
    trie = plan.suffixes
    pending = [(0, (torch.eye(len(start)).to(start), torch.zeros_like(start)))]
    while pending:
        node, pair = pending.pop()
        if node:
            pair = extend(int(trie.letter[node]), pair)
            advanced(1)
        if node in trie.rows_at:
            yield trie.rows_at[node], torch.addmv(pair[1], pair[0], start)
        pending.extend((child, pair) for child in range(trie.first_child[node], trie.first_child[node + 1]))


def _small(linear: Linear, letters: list[int]) -> bool:
    return linear.d <= SMALL and len(letters) * linear.d**2 <= HELD


def _letters(plan: Plan) -> list[int]:
    found: list[int] = plan.used.tolist()
    return found


def _matrices(linear: Linear, letters: list[int]) -> dict[int, Pair]:
    """All (M_i, m_i), found in as few calls as memory allows."""
    found: dict[int, Pair] = {}
    size = min(AT_ONCE // linear.d**2, MANY)
    for first in range(0, len(letters), size):
        part = letters[first : first + size]
        found.update(zip(part, linear.many(part), strict=True))
    return found


def _extension(linear: Linear, matrices: dict[int, Pair], start: torch.Tensor) -> Callable[[int, Pair], Pair]:
    """The product (A, b) -> (A M_i, A m_i + b): with matrices M_i that have been found, if there are any."""

    def extend(letter: int, pair: Pair) -> Pair:
        a, b = pair
        if matrices:
            matrix, shift = matrices[letter]
            product = a @ matrix
        else:
            product, shift = linear.one(letter, a, torch.addmv(b, a, start))
        return product, torch.addmv(b, a, shift)

    return extend
