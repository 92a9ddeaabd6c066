"""The plan: all words of a run turned into shared work, and its price known before anything runs.

Two kinds of sharing: equal prefixes are computed once (a trie), and states that need the same batch next advance in
one batched call (a tick). A plan knows no tensor: it needs numpy only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from revorder.errors import whole
from revorder.orders import Order, order
from revorder.planning import schedule
from revorder.planning.trie import Trie, build
from revorder.showing import Facts, Shown, name_of, span

Label = int | str
QUICK, DEEP = 150_000, 5_000  # batch numbers of all words, and of one, that are priced just to be shown


@dataclass(frozen=True, eq=False, repr=False)
class Plan(Shown):
    """What it takes to reach some checkpoints of a composition order. Made by `plan`, immutable.

    Attributes:
        order: the composition order.
        steps: the checkpoints, as asked for.
        words: for each checkpoint its word, an integer array of batch numbers.
        letters: (batches,) the letter of every batch number; batches with equal labels have equal letters.
    """

    order: Order
    steps: tuple[int, ...]
    words: tuple[np.ndarray, ...]
    letters: np.ndarray

    @property
    def cost(self) -> int:
        """Evaluations of T: one for each distinct non-empty prefix."""
        return self.trie.size

    @property
    def naive_cost(self) -> int:
        """Evaluations of T without any sharing: Σ len(word)."""
        return sum(len(word) for word in self.words)

    @property
    def launches(self) -> int:
        """Batched calls; minimal for Forward, Backward and TwoSided, an upper bound for other orders."""
        return len(self.ticks)

    @property
    def peak_states(self) -> int:
        """States held at once, the start included, when the ticks run one after another."""
        return self._schedule[1]

    @property
    def ticks(self) -> list[schedule.Tick]:
        """The batched calls, in order."""
        return self._schedule[0]

    @cached_property
    def trie(self) -> Trie:
        """The distinct prefixes of the words, spelled in letters."""
        return build([self.letters[word] for word in self.words], int(self.letters.max()) + 1)

    @cached_property
    def suffixes(self) -> Trie:
        """The distinct suffixes of the words, read from their ends: what maps that compose (affine ones) share."""
        return build([self.letters[word[::-1]] for word in self.words], int(self.letters.max()) + 1)

    @cached_property
    def numbers(self) -> np.ndarray:
        """(letters,) for each letter the first batch number that it stands for."""
        return np.unique(self.letters, return_index=True)[1]

    @cached_property
    def is_end(self) -> np.ndarray:
        """(nodes,) whether a node is the state of a checkpoint."""
        return np.isin(np.arange(len(self.trie.parent)), self.trie.end)

    @property
    def rows_at(self) -> dict[int, list[int]]:
        """Trie node -> rows: the positions in `steps` of the checkpoints whose state that node is."""
        return self.trie.rows_at

    @cached_property
    def _schedule(self) -> tuple[list[schedule.Tick], int]:
        return schedule.ticks(self.trie)

    def _facts(self) -> Facts:
        """The price, too, where it is known already or found at once: to look at a plan must not take long."""
        quick = 0 < self.naive_cost <= QUICK and max(map(len, self.words)) <= DEEP
        cost = self.cost if quick or "trie" in vars(self) else "not computed yet, see .cost"
        facts = {"order": self.order, "checkpoints": span(self.steps), "cost": cost, "naive cost": self.naive_cost}
        priced = quick or "_schedule" in vars(self)
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
        rows = np.argsort(self.trie.preorder[self.trie.end], kind="stable")
        node = self.trie.end[rows]
        leaf = self.trie.height[node] == 1
        leaves_before = np.cumsum(leaf & (np.diff(node, prepend=-1) != 0)) - leaf
        part = leaves_before // max_states
        return [(rows[part == i], self.only(rows[part == i])) for i in range(part[-1] + 1)]

    def only(self, rows: np.ndarray) -> Plan:
        """The plan of some of the checkpoints, given by their rows."""
        steps, words = (tuple(whole_run[row] for row in rows) for whole_run in (self.steps, self.words))
        return Plan(self.order, steps, words, self.letters)


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

    >>> backward = plan("backward", range(1, 101), labels=[i % 10 for i in range(100)])
    >>> backward.naive_cost, backward.cost, backward.launches
    (5050, 955, 100)
    """
    return plan_for(order_, checkpoints, labels, None if labels is None else len(labels))


def plan_for(
    order_: str | Order, checkpoints: Iterable[int], labels: Sequence[Label] | None, n_batches: int | None
) -> Plan:
    """`plan`, for `n_batches` batches (None: as many as the words name)."""
    made = order(order_)
    steps = _steps(checkpoints)
    words = {n: _word(made, n, n_batches) for n in dict.fromkeys(steps)}
    if labels is not None:
        letters = _letters(labels, n_batches)
    else:
        letters = np.arange(max(int(word.max()) for word in words.values()) + 1)
    return Plan(made, steps, tuple(words[n] for n in steps), letters)


def _steps(checkpoints: Iterable[int]) -> tuple[int, ...]:
    if isinstance(checkpoints, str) or not isinstance(checkpoints, Iterable):
        raise TypeError(
            f"checkpoints: got {checkpoints!r}, but it must be a list or range of step counts, such as [10]"
        )
    steps = list(checkpoints)
    if not steps:
        raise ValueError("checkpoints: got none, but at least one step count >= 1 is needed, such as [10]")
    for n in steps:
        whole("checkpoints", n, 1)
    return tuple(int(n) for n in steps)


def _word(made: Order, n: int, n_batches: int | None) -> np.ndarray:
    """The word of step n, checked."""
    word = np.asarray(made.word(n))
    if word.ndim != 1 or word.size == 0:
        said = f"{word.tolist()!r} for step {n}, but a word must have at least one batch"
        raise ValueError(f"order: {name_of(made)} gave {said}")
    if word.dtype.kind not in "iu":
        said = f"{word.tolist()!r} for step {n}, but batch numbers must be integers"
        raise TypeError(f"order: {name_of(made)} gave {said}")
    outside = word[(word < 0) | (word >= (np.inf if n_batches is None else n_batches))]
    if outside.size:
        accepted = ">= 0" if n_batches is None else f"0 to {n_batches - 1}, since there are {n_batches} batches"
        asks = f"step {n} of {name_of(made)} asks for batch {outside[0]}"
        raise ValueError(f"checkpoints, order: {asks}, but batch numbers must be {accepted}")
    return word


def _letters(labels: Sequence[Label], n_batches: int | None) -> np.ndarray:
    if len(labels) != n_batches:
        raise ValueError(f"labels: got {len(labels)} labels, but there are {n_batches} batches; give one label each")
    seen: dict[Label, int] = {}
    for label in labels:
        if isinstance(label, bool) or not isinstance(label, int | np.integer | str):
            raise TypeError(f"labels: got {label!r}, but a label must be an integer or a text")
    return np.array([seen.setdefault(label, len(seen)) for label in labels], dtype=np.int64)
