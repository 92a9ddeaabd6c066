"""Words, checkpoints and labels, checked; the words of this package's orders as arrays, made when they are asked for.

The words of most of these orders are made of *blocks* of batches in forward order, each reversed inside, the last one
cut short: forward order has blocks of one batch, backward order one block, a tail has both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Sized
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from revorder.errors import check_room, whole
from revorder.orders import Backward, BackwardBlocks, BackwardTail, BackwardWindow, Forward, Order, Shuffled, TwoSided
from revorder.planning.lazy import Lazy
from revorder.planning.said import SHORT, check_same_again, length_of, out_of_range, said_word
from revorder.planning.trie import Integers
from revorder.showing import cut

Label = int | str
MOST_UNCOUNTED = 10_000_000  # checkpoints of an iterator that does not say how many it has
PER_STEP = 100  # bytes that a closed form holds for each step of the longest word, at most


def _blocks(order: BackwardBlocks, n: int) -> Integers:
    return np.append(np.arange(0, n, order.size), n)


def _window(order: BackwardWindow, n: int) -> Integers | None:
    """Only the narrowest and the widest windows are made of blocks."""
    return np.arange(n + 1) if order.width == 1 else np.array([0, n]) if order.width >= n else None


EDGES: dict[type, Callable[[Any, int], Integers | None]] = {
    Forward: lambda order, n: np.arange(n + 1),
    Backward: lambda order, n: np.array([0, n]),
    BackwardTail: lambda order, n: np.append(np.arange(min(order.start, n - 1) + 1), n),
    BackwardBlocks: _blocks,
    BackwardWindow: _window,
}
PERMUTING = {*EDGES, TwoSided, Shuffled}  # exactly these: the word of step n has each of the batches 0 … n - 1 once


def edges_of(order: Order, n: int) -> Integers | None:
    """Where the blocks of the word of step n begin, and where the last one ends; None if it is not made of blocks."""
    return EDGES[type(order)](order, n) if type(order) in EDGES else None


def spell(order: Order, n: int) -> np.ndarray:
    """The word of step n >= 1 as an array; `order.word` says the same in plain Python."""
    edges = edges_of(order, n)
    if edges is not None:
        return reversed_inside(edges)
    if type(order) is TwoSided:
        return np.concatenate([np.arange(n - 1 - n % 2, 0, -2), np.arange(0, n, 2)])
    if type(order) is BackwardWindow:
        return np.concatenate([np.arange(n - order.width), np.arange(n - 1, n - order.width - 1, -1)])
    return np.asarray(order.word(n))


def words_of(order: Order, steps: tuple[int, ...], n_batches: int | None) -> Sequence[np.ndarray]:
    """The words of some steps, checked: within `n_batches` batches (None: however many they name).

    Raises:
        ValueError: a word that is empty, leaves the range of the batches, or is another one when it is asked for again.
        TypeError: a batch number of the wrong type.
        MemoryError: words that are too long for this machine.
    """
    if type(order) in PERMUTING:
        if n_batches is not None and max(steps) > n_batches:
            n = next(n for n in steps if n > n_batches)
            raise out_of_range(order, n, n - 1, n_batches)
        check_room("checkpoints", f"step {max(steps):,} of {order}", PER_STEP * max(steps))
        return Lazy(partial(spell, order), steps)
    words: dict[int, np.ndarray] = {}
    letters = 0
    for n in dict.fromkeys(steps):
        words[n] = said_word(order, n, n_batches, letters)
        letters += len(words[n])
    check_same_again(order, words)
    return tuple(words[n] for n in steps)


def reversed_inside(edges: Integers) -> Integers:
    """The word of blocks between these edges."""
    turned = edges[:-1] + edges[1:] - 1
    return np.repeat(turned, np.diff(edges)) - np.arange(edges[-1])


def checked_steps(checkpoints: Iterable[int]) -> tuple[int, ...]:
    """Checkpoints as a tuple; raises ValueError or TypeError unless all are whole numbers >= 1."""
    if isinstance(checkpoints, str) or not isinstance(checkpoints, Iterable):
        raise TypeError(
            f"checkpoints: got {checkpoints!r}, but it must be a list or range of step counts, such as [10]"
        )
    steps = _listed(checkpoints)
    if not steps:
        raise ValueError("checkpoints: got none, but at least one step count >= 1 is needed, such as [10]")
    if not all(type(n) is int and n > 0 for n in steps):
        for n in steps:
            whole("checkpoints", n, 1)
    return tuple(int(n) for n in steps)


def _listed(checkpoints: Iterable[int]) -> list[int]:
    """All of them, if they are not too many."""
    if isinstance(checkpoints, Sized):
        check_room("checkpoints", "so many of them", PER_STEP * length_of(checkpoints))
        return list(checkpoints)
    steps = list(islice(checkpoints, MOST_UNCOUNTED + 1))
    if len(steps) > MOST_UNCOUNTED:
        raise ValueError(f"checkpoints: got an iterator of more than {MOST_UNCOUNTED:,}; give a list or a range")
    return steps


def counted(labels: Sequence[Label] | None) -> int | None:
    """For how many batches there are labels; raises TypeError unless they can be counted."""
    if labels is not None and not isinstance(labels, Sized):
        raise TypeError(f"labels: got {cut(labels, SHORT)}, but it must be a list with one label for each batch")
    return None if labels is None else len(labels)


def checked_letters(labels: Sequence[Label], n_batches: int | None) -> np.ndarray:
    """(batches,) a letter for every batch, counted from 0 in the sequence in which labels are first seen."""
    if len(labels) != n_batches:
        raise ValueError(f"labels: got {len(labels)} labels, but there are {n_batches} batches; give one label each")
    seen: dict[Label, int] = {}
    for label in labels:
        if isinstance(label, bool) or not isinstance(label, int | np.integer | str):
            raise TypeError(f"labels: got {label!r}, but a label must be an integer or a text")
    return np.array([seen.setdefault(label, len(seen)) for label in labels], dtype=np.int64)
