"""The plan: all words of a run turned into shared work, and its price known before anything runs.

Two kinds of sharing: equal prefixes are computed once (a trie), and states that need the same batch next advance in
one batched call (a tick). A plan knows no tensor: it needs numpy only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from revorder.errors import whole
from revorder.once import cached_property
from revorder.orders import Forward, Order, order
from revorder.planning import tries
from revorder.planning.lazy import Lazy
from revorder.planning.nested import Nested, nested
from revorder.planning.said import named_batches
from revorder.planning.schedule import Scheduled, Tick, Work
from revorder.planning.trie import Integers, Trie
from revorder.planning.words import Label, checked_letters, checked_steps, counted, words_of
from revorder.showing import Facts, Shown, span

QUICK, DEEP = 150_000, 5_000  # batch numbers of all words, and of one, that are priced just to be shown


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Shown):
    """What it takes to reach some checkpoints of a composition order. Made by `plan`, immutable.

    Attributes:
        order: the composition order.
        steps: the checkpoints, as asked for.
        words: for each checkpoint its word, an integer array of batch numbers; those of this package's orders are made
            when they are asked for.
        letters: (batches,) the letter of every batch number; batches with equal labels have equal letters.
    """

    order: Order
    steps: tuple[int, ...]
    words: Sequence[np.ndarray]
    letters: np.ndarray

    @property
    def cost(self) -> int:
        """Evaluations of T: one for each distinct non-empty prefix."""
        return self._work.cost

    @property
    def naive_cost(self) -> int:
        """Evaluations of T without any sharing: Σ len(word)."""
        return int(self.lengths.sum())

    @property
    def launches(self) -> int:
        """Batched calls; minimal for Forward, Backward and TwoSided, an upper bound for other orders."""
        return len(self.ticks)

    @property
    def peak_states(self) -> int:
        """States held at once, the start included, when the ticks run one after another."""
        return self._work.peak_states

    @property
    def ticks(self) -> Sequence[Tick]:
        """The batched calls, in order."""
        return self._work.ticks

    @property
    def widths(self) -> Integers:
        """(launches,) how many states each tick advances."""
        return self._work.widths

    @cached_property
    def lengths(self) -> Integers:
        """(checkpoints,) how many batches each word has."""
        return np.array(self.steps if isinstance(self.words, Lazy) else [len(word) for word in self.words], np.int64)

    @property
    def rank(self) -> Integers:
        """(checkpoints,) how many evaluations a depth-first walk has made when it has completed each word."""
        return self._work.rank

    @cached_property
    def trie(self) -> Trie:
        """The distinct prefixes of the words, spelled in letters."""
        return tries.prefixes(self)

    @cached_property
    def suffixes(self) -> Trie:
        """The distinct suffixes of the words, read from their ends: what maps that compose (affine ones) share."""
        return tries.suffixes(self)

    @property
    def n_suffixes(self) -> int:
        """Distinct non-empty suffixes; known without their trie where those of different words differ."""
        if type(self.order) is Forward and self.all_differ:
            return int(np.unique(self.lengths).sum())
        return self.suffixes.size

    @cached_property
    def used(self) -> Integers:
        """The letters that occur in words, ascending."""
        if isinstance(self.words, Lazy):  # the longest word has all of them
            return np.unique(self.letters[: self.lengths.max()])
        return np.unique(self.letters[np.concatenate(self.words)])

    @cached_property
    def numbers(self) -> np.ndarray:
        """(letters,) for each letter the first batch number that it stands for."""
        return np.unique(self.letters, return_index=True)[1]

    @property
    def rows_at(self) -> dict[int, list[int]]:
        """Trie node -> rows: the positions in `steps` of the checkpoints whose state that node is."""
        return self.trie.rows_at

    @cached_property
    def nested(self) -> Nested | None:
        """The work in closed form, if there is one and all batches differ."""
        return nested(self.order, self.steps) if self.all_differ else None

    @property
    def all_differ(self) -> bool:
        """Whether no two batches are the same."""
        return np.array_equal(self.letters, np.arange(len(self.letters)))

    @cached_property
    def _work(self) -> Work:
        return self.nested or Scheduled(self.trie)

    def _facts(self) -> Facts:
        """The price, too, where it is known already or found at once: to look at a plan must not take long."""
        quick = 0 < self.naive_cost <= QUICK and self.lengths.max() <= DEEP
        free = self.nested is not None
        cost = self.cost if quick or free or "trie" in vars(self) else "not computed yet, see .cost"
        facts = {"order": self.order, "checkpoints": span(self.steps), "cost": cost, "naive cost": self.naive_cost}
        priced = quick or free or ("_work" in vars(self) and "_schedule" in vars(self._work))
        return facts | ({"launches": self.launches, "peak states": self.peak_states} if priced else {})

    def split(self, max_states: int) -> list[tuple[np.ndarray, Plan]]:
        """Plans that hold at most `max_states` states each, with the rows (positions in `steps`) that each serves.

        Checkpoints are cut in depth-first order after every `max_states` leaves of the trie: every state held has a
        leaf of its own still to reach, so there are never more. Words with long common prefixes stay together; what
        two parts share is computed in both: the cost may grow, the states do not change.
        """
        whole("max_states", max_states, 1)
        if self.peak_states <= max_states:
            return [(np.arange(len(self.steps)), self)]
        rows = np.argsort(self.rank, kind="stable")
        leaf = self._work.leaf[rows]
        leaves_before = np.cumsum(leaf & (np.diff(self.rank[rows], prepend=-1) != 0)) - leaf
        part = leaves_before // max_states
        return [(rows[part == i], self.only(rows[part == i])) for i in range(part[-1] + 1)]

    def only(self, rows: np.ndarray) -> Plan:
        """The plan of some of the checkpoints, given by their rows."""
        steps = tuple(self.steps[row] for row in rows)
        if isinstance(self.words, Lazy):
            return replace(self, steps=steps, words=Lazy(self.words.make, steps))
        return replace(self, steps=steps, words=tuple(self.words[row] for row in rows))


def plan(order_: str | Order, checkpoints: Iterable[int], labels: Sequence[Label] | None = None) -> Plan:
    """Plan a run: see what it costs before paying for it.

    Args:
        order_: a composition order or its text, such as "backward".
        checkpoints: step counts >= 1, in any order, repeats allowed.
        labels: one per batch, integers or texts; equal labels say that batches are the same, so that cyclic batch
            sequences share prefixes. Without labels all batches differ.

    Returns:
        A `Plan` with `cost`, `naive_cost`, `launches` and `peak_states`.

    Raises:
        ValueError: no checkpoint, one below 1, or a word that is empty or leaves the range of the batches.
        TypeError: a checkpoint, label or batch number of the wrong type.
        MemoryError: it would not fit into the free memory; nothing of it has been made then.

    >>> backward = plan("backward", range(1, 101), labels=[i % 10 for i in range(100)])
    >>> backward.naive_cost, backward.cost, backward.launches
    (5050, 955, 100)
    """
    return plan_for(order_, checkpoints, labels, counted(labels))


def plan_for(
    order_: str | Order, checkpoints: Iterable[int], labels: Sequence[Label] | None, n_batches: int | None
) -> Plan:
    """`plan`, for `n_batches` batches (None: as many as the words name)."""
    made = order(order_)
    steps = checked_steps(checkpoints)
    words = words_of(made, steps, n_batches)
    if labels is not None:
        return Plan(made, steps, words, checked_letters(labels, n_batches))
    return Plan(made, steps, words, np.arange(max(steps) if isinstance(words, Lazy) else named_batches(made, words)))
