"""Ticks: which states advance together, and in which slots of the state stack they live. Needs numpy only.

States that need the SAME batch next advance in one batched call, a *tick*. The rule is weighted majority merge, the
greedy rule for shortest common supersequences (Branke, Middendorf & Schneider 1998): advance the batch whose waiting
states have, summed up, the most work still to do; of equal ones the newest. Backward words are nested suffixes, so the
longest word leads and every shorter one joins it: N ticks for N steps. The rule is minimal for Forward, Backward and
TwoSided, and an upper bound for other orders.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np

from revorder.once import cached_property
from revorder.planning.trie import Integers, Trie


@dataclass(frozen=True, eq=False)
class Tick:
    """One batched call: copy slots `source` to slots `target`, then advance `slots` in place under `letter`.

    Attributes:
        letter: which batch (an index into the plan's letters).
        source, target: (forks,) a state that other words still need is copied before it advances.
        slots: (states,) ascending.
        rows, ends: (reached,) the checkpoints (positions in `Plan.steps`) whose states are complete after the tick, and
            the slots that hold them; by slot, then by row.
        trace: finds `nodes`.
    """

    letter: int
    source: Integers
    target: Integers
    slots: Integers
    rows: Integers
    ends: Integers
    trace: Callable[[], Integers]

    @property
    def nodes(self) -> Integers:
        """(states,) the trie node that each slot holds after the tick; a closed form builds the trie for it."""
        return self.trace()


class Work(Protocol):
    """What a plan must know of its words' shared work."""

    @property
    def cost(self) -> int:
        """Distinct non-empty prefixes."""

    @property
    def peak_states(self) -> int:
        """Slots."""

    @property
    def ticks(self) -> Sequence[Tick]:
        """The batched calls, in order."""

    @property
    def widths(self) -> Integers:
        """(ticks,) how many states each tick advances."""

    @property
    def rank(self) -> Integers:
        """(rows,) how many evaluations a depth-first walk of the trie has made when it has completed each word."""

    @property
    def leaf(self) -> np.ndarray:
        """(rows,) whether no longer word begins with this one."""


class Scheduled:
    """The work of any words: their trie, and its nodes in ticks."""

    def __init__(self, trie: Trie):
        self.trie = trie

    @property
    def cost(self) -> int:
        return self.trie.size

    @property
    def peak_states(self) -> int:
        return self._schedule[1]

    @property
    def ticks(self) -> list[Tick]:
        return self._schedule[0]

    @property
    def widths(self) -> Integers:
        return np.array([len(tick.slots) for tick in self.ticks])

    @property
    def rank(self) -> Integers:
        return self.trie.preorder[self.trie.end]

    @property
    def leaf(self) -> np.ndarray:
        childless: np.ndarray = self.trie.n_children[self.trie.end] == 0
        return childless

    @cached_property
    def _schedule(self) -> tuple[list[Tick], int]:
        return ticks(self.trie)


class _Slots:
    """Hands out slot numbers, lowest free one first, and remembers how many were ever needed."""

    def __init__(self) -> None:
        self.free: list[int] = []
        self.count = 1  # slot 0 holds the start state

    def take(self, how_many: int) -> Integers:
        taken = [heapq.heappop(self.free) for _ in range(min(how_many, len(self.free)))]
        fresh = range(self.count, self.count + how_many - len(taken))
        self.count += len(fresh)
        return np.array([*taken, *fresh], dtype=np.int64)

    def give_back(self, slots: Integers) -> None:
        for slot in slots.tolist():
            heapq.heappush(self.free, slot)


def ticks(trie: Trie) -> tuple[list[Tick], int]:
    """Schedule all nodes of a trie; returns the ticks and the number of slots (states held at once at the peak)."""
    slots = _Slots()
    slot = np.zeros(len(trie.parent), dtype=np.int64)  # of a node that has been computed
    unborn = trie.n_children.copy()  # children not yet computed
    waiting = trie.children(np.array([0]))
    schedule = []
    while waiting.size:
        work = np.bincount(trie.letter[waiting], weights=trie.height[waiting])
        letter = len(work) - 1 - work[::-1].argmax()
        chosen = trie.letter[waiting] == letter
        nodes = waiting[chosen]
        parents = trie.parent[nodes]  # all different: siblings differ in their letter
        unborn[parents] -= 1
        forks = unborn[parents] > 0  # the last child takes over its parent's slot
        slot[nodes[~forks]] = slot[parents[~forks]]
        slot[nodes[forks]] = slots.take(int(forks.sum()))
        by_slot = nodes[np.argsort(slot[nodes])]
        rows, reached = trie.reached(by_slot)
        schedule.append(
            Tick(int(letter), slot[parents[forks]], slot[nodes[forks]], slot[by_slot], rows, slot[reached],
                 partial(_known, by_slot))
        )  # fmt: skip
        slots.give_back(slot[nodes[unborn[nodes] == 0]])
        waiting = np.concatenate([waiting[~chosen], trie.children(nodes)])
    return schedule, slots.count


def _known(nodes: Integers) -> Integers:
    return nodes
