"""The words of a user's order: counted before they are made, checked, and read no further than necessary."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence, Sized
from itertools import islice
from typing import Any

import numpy as np

from revorder.errors import check_room
from revorder.orders import Order
from revorder.showing import cut, name_of

PER_LETTER = 48  # bytes that a trie and its words hold for each batch number, at most
MOST_NAMED = 10_000_000  # batches of a plan that is told of none
LONG = 1_000  # batch numbers that are looked at before a longer word is made
AGAIN = 1_000_000  # batch numbers of a user's order that are asked for twice
SHORT = 100  # characters of a word in a message


def length_of(things: Sized) -> int:
    """How many there are; of more than can be counted, the largest number that can."""
    try:
        return len(things)
    except OverflowError:  # of a range
        return sys.maxsize


def said_word(made: Order, n: int, n_batches: int | None, letters: int) -> np.ndarray:
    """The word of step n, checked; `letters` is how long all words are that were made before it."""
    said = made.word(n)
    if isinstance(said, Sized):
        length = length_of(said)
        check_room("order", f"the word of step {n:,} of {type(made).__name__}", PER_LETTER * (letters + length))
        if length > LONG and isinstance(said, Iterable):  # a look at its beginning, before all of it is made
            _checked(made, n, _array(list(islice(said, LONG))), n_batches)
    return _checked(made, n, _array(said), n_batches)


def _checked(made: Order, n: int, word: np.ndarray, n_batches: int | None) -> np.ndarray:
    if word.ndim != 1 or word.size == 0:
        said = f"{cut(word.tolist(), SHORT)} for step {n}, but a word must have at least one batch, in one sequence"
        raise ValueError(f"order: {name_of(made)} gave {said}")
    if word.dtype.kind not in "iu":
        said = f"{_first(word)} for step {n}, but batch numbers must be integers"
        raise TypeError(f"order: {name_of(made)} gave {said}")
    outside = word[(word < 0) | (word >= (np.inf if n_batches is None else n_batches))]
    if outside.size:
        raise out_of_range(made, n, outside[0], n_batches)
    return word


def named_batches(made: Order, words: Sequence[np.ndarray]) -> int:
    """How many batches there must be, by what words name.

    Raises:
        ValueError: more than `MOST_NAMED`.
    """
    most = max(int(word.max()) for word in words) + 1
    if most > MOST_NAMED:
        asks = f"{name_of(made)} asks for batch {most - 1:,}"
        raise ValueError(f"order: {asks}, but a plan without labels takes batch numbers below {MOST_NAMED:,}")
    return most


def out_of_range(made: Order, n: int, batch: int, n_batches: int | None) -> ValueError:
    """The error of a batch number that no batch has."""
    accepted = ">= 0" if n_batches is None else f"0 to {n_batches - 1}, since there are {n_batches} batches"
    asks = f"step {n} of {name_of(made)} asks for batch {batch}"
    return ValueError(f"checkpoints, order: {asks}, but batch numbers must be {accepted}")


def check_same_again(made: Order, words: dict[int, np.ndarray]) -> None:
    """Ask for some words once more: an order must give the same one every time."""
    letters = 0
    for n, word in words.items():
        letters += len(word)
        if letters > AGAIN:
            return
        again = _again(made.word(n), word)
        if not np.array_equal(again, word):
            said = f"{_first(word)} for step {n}, and then {_first(again)}"
            raise ValueError(f"order: {name_of(made)} gave {said}, but the word of a step must always be the same")


def _again(said: Any, word: np.ndarray) -> np.ndarray:
    """A word that is asked for a second time, read no further than to see that it differs."""
    if not isinstance(said, Iterable) or (isinstance(said, Sized) and length_of(said) == len(word)):
        return _array(said)
    return _array(list(islice(said, len(word) + 1)))


def _array(said: Any) -> np.ndarray:
    try:
        return np.array(said)
    except ValueError:  # lists of several lengths in one another
        return np.array(said, dtype=object)


def _first(word: np.ndarray) -> str:
    shown = f"{word.tolist()}" if word.size <= 8 else f"[{', '.join(map(str, word[:8].tolist()))}, …]"
    return cut(shown, SHORT)
