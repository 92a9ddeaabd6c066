"""Coalescence (approximate): states that came close and have the same future go on as one.

In a contractive problem, states of backward order that started at different steps meet the same batches from then on
and close in on each other at the rate ρ. Once they are within a tolerance, one of them stands for all: N steps then
cost about N·τ evaluations, with τ the number of steps that closing in takes, instead of N(N+1)/2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch

from revorder.planning.plan import Plan
from revorder.planning.schedule import Tick
from revorder.planning.trie import Integers, Trie

Take = Callable[[Integers], list[torch.Tensor]]  # the leaves of the states in some slots

EVERY = 8  # ticks between two looks: a look costs about as much as a step
AUDITED = 3  # merged checkpoints that are computed exactly as well, to measure the error


def futures(trie: Trie) -> Integers:
    """(nodes,) equal numbers for nodes after which the same letters follow; branching nodes have numbers of their own.

    From the leaves upward: two single-child nodes have the same future if their next letter and the future of the
    node that it leads to are the same.
    """
    future = np.arange(len(trie.parent), dtype=np.int64)
    by_height = np.argsort(trie.height, kind="stable")
    bounds = np.searchsorted(trie.height[by_height], np.arange(1, trie.height.max() + 2))
    future[by_height[: bounds[1]]] = -1
    n_letters, fresh = int(trie.letter.max()) + 1, len(trie.parent)
    for first, last in zip(bounds[1:-1], bounds[2:], strict=True):
        nodes = by_height[first:last]
        nodes = nodes[trie.n_children[nodes] == 1]
        child = trie.first_child[nodes]
        _, same = np.unique((future[child] + 1) * n_letters + trie.letter[child], return_inverse=True)
        future[nodes] = fresh + same
        fresh += len(nodes)
    return future


class Merger:
    """Decides which slots stand for others in one sweep, and measures on some checkpoints what that costs."""

    def __init__(self, plan: Plan, tolerance: float):
        self.plan, self.tolerance = plan, tolerance
        self.future = futures(plan.trie)
        self.stands_for = np.arange(plan.peak_states)  # slot -> the slot that holds its state
        self.node = np.full(plan.peak_states, -1)  # what each slot holds; -1 where nothing is to come any more
        self.audited: dict[int, list[torch.Tensor]] = {}
        self.merges, self.ticks, self.error = 0, 0, 0.0

    def begin(self, tick: Tick) -> Integers:
        """The slots of a tick that hold a state of their own."""
        self.stands_for[tick.target] = tick.target
        own: Integers = tick.slots[self.stands_for[tick.slots] == tick.slots]
        return own

    def finish(self, tick: Tick, take: Take) -> None:
        """After a tick: now and then merge what came close."""
        self.node[tick.slots] = np.where(self.plan.trie.n_children[tick.nodes] > 0, tick.nodes, -1)
        self.ticks += 1
        if self.ticks % EVERY == 0:
            for slots in self._with_equal_futures():
                self._merge(slots, take(slots))

    def _with_equal_futures(self) -> Iterator[Integers]:
        own = np.flatnonzero((self.node >= 0) & (self.stands_for == np.arange(len(self.node))))
        _, group = np.unique(self.future[self.node[own]], return_inverse=True)
        for i in np.flatnonzero(np.bincount(group, minlength=1) > 1):
            yield own[group == i]

    def _merge(self, slots: Integers, leaves: list[torch.Tensor]) -> None:
        """Let the first of the slots stand for those within the tolerance of it, in every number of the state."""
        apart = [(leaf - leaf[:1]).abs().reshape(len(leaf), -1) for leaf in leaves if leaf[0].numel()]
        far = torch.stack([each.amax(1) for each in apart]).amax(0)
        close = (far <= self.tolerance).cpu().numpy()
        close[0] = False
        self.stands_for[np.isin(self.stands_for, slots[close])] = slots[0]
        self.merges += int(close.sum())

    def reached(self, rows: Integers, slots: Integers, take: Take) -> Integers:
        """The slots that hold the states of checkpoints just reached; keeps a copy of some merged ones."""
        merged = np.flatnonzero(self.stands_for[slots] != slots)
        some = merged[np.unique(np.linspace(0, len(merged) - 1, AUDITED).astype(int))] if merged.size else merged
        for i in some[: AUDITED - len(self.audited)]:
            self.audited[int(rows[i])] = [leaf[0].clone() for leaf in take(self.stands_for[slots[i : i + 1]])]
        return self.stands_for[slots]

    def compare(self, rows: Integers, leaves: list[torch.Tensor]) -> None:
        """Measure the error of kept checkpoints against their exact states, stacked."""
        for i, row in enumerate(rows.tolist()):
            pairs = zip(leaves, self.audited[row], strict=True)
            self.error = max([self.error, *((exact[i] - merged).abs().max().item() for exact, merged in pairs)])

    def report(self) -> str:
        """How many merges there were, and the largest error measured."""
        merges, count = f"{self.merges} merges within {self.tolerance:g}", len(self.audited)
        return f"{merges}; largest error of {count} merged checkpoints {self.error:.2g}"
