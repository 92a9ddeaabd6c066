"""Composition orders: for every step n, the word of batch numbers to apply.

A *word* lists batch numbers in the order of application, first applied first. With T_i(θ) the update on batch i
(0-based), the word (2, 0, 1) means T_1(T_0(T_2(θ_0))). Every word is applied to the same start θ_0.

This module needs neither torch nor numpy, except for `Shuffled`, whose permutations are numpy's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from revorder.errors import did_you_mean, whole


@runtime_checkable
class Order(Protocol):
    """Anything with `word(n)`: the batch numbers applied at step n, first applied first.

    A user's own order may repeat batch numbers and may have words of any positive length. Where it has no `__str__` of
    its own, results and figures call it by the name of its class (see `showing.name_of`).
    """

    def word(self, n: int) -> tuple[int, ...]:
        """The word of step n, n >= 1 (the orders of this package also have the empty word of step 0)."""


class Ours:
    """What the orders of this package share: the check of their number, if they have one, and their text."""

    least = 1  # the smallest number that is accepted

    def __post_init__(self) -> None:
        for field, number in vars(self).items():
            whole(field, number, self.least)

    def __str__(self) -> str:
        name = next(name for name, (kind, _) in NAMES.items() if kind in type(self).mro())
        return ":".join([name, *(str(number) for number in vars(self).values())])


@dataclass(frozen=True)
class Forward(Ours):
    """Ordinary SGD, T_{n-1}∘…∘T_0: oldest batch first.

    >>> Forward().word(5)
    (0, 1, 2, 3, 4)
    """

    def word(self, n: int) -> tuple[int, ...]:
        whole("n", n, 0)
        return tuple(range(n))


@dataclass(frozen=True)
class Backward(Ours):
    """Backward-SGD, T_0∘…∘T_{n-1}: newest batch first, batch 0 always last (arXiv 2502.01557).

    >>> Backward().word(5)
    (4, 3, 2, 1, 0)
    """

    def word(self, n: int) -> tuple[int, ...]:
        whole("n", n, 0)
        return tuple(range(n - 1, -1, -1))


@dataclass(frozen=True)
class BackwardWindow(Ours):
    """Forward, but with the newest `width` batches reversed.

    >>> BackwardWindow(2).word(5)
    (0, 1, 2, 4, 3)
    """

    width: int

    def word(self, n: int) -> tuple[int, ...]:
        whole("n", n, 0)
        old = max(n - self.width, 0)
        return (*range(old), *range(n - 1, old - 1, -1))


@dataclass(frozen=True)
class BackwardTail(Ours):
    """A forward burn-in of `start` batches, then everything newer backward.

    >>> BackwardTail(2).word(5)
    (0, 1, 4, 3, 2)
    """

    start: int
    least = 0

    def word(self, n: int) -> tuple[int, ...]:
        whole("n", n, 0)
        burn_in = min(self.start, n)
        return (*range(burn_in), *range(n - 1, burn_in - 1, -1))


@dataclass(frozen=True)
class BackwardBlocks(Ours):
    """Blocks of `size` batches in forward order, each reversed inside (the last one may be shorter).

    >>> BackwardBlocks(2).word(5)
    (1, 0, 3, 2, 4)
    """

    size: int

    def word(self, n: int) -> tuple[int, ...]:
        whole("n", n, 0)
        blocks = (range(first, min(first + self.size, n)) for first in range(0, n, self.size))
        return tuple(number for block in blocks for number in reversed(block))


@dataclass(frozen=True)
class TwoSided(Ours):
    """The word grows at both ends: an odd n appends the newest batch, an even n prepends it.

    >>> TwoSided().word(5)
    (3, 1, 0, 2, 4)
    """

    def word(self, n: int) -> tuple[int, ...]:
        whole("n", n, 0)
        prepended = (number for number in range(n - 1, -1, -1) if number % 2 == 1)
        return (*prepended, *range(0, n, 2))


@dataclass(frozen=True)
class Shuffled(Ours):
    """A fresh uniform permutation of the n batches for every n; the same one for the same seed and n.

    >>> sorted(Shuffled(seed=0).word(5))
    [0, 1, 2, 3, 4]
    """

    seed: int = 0
    least = 0

    def word(self, n: int) -> tuple[int, ...]:
        whole("n", n, 0)
        return tuple(np.random.default_rng([self.seed, n]).permutation(n).tolist())


# text name -> (class, the number it takes after ":", or None)
NAMES: dict[str, tuple[Callable[..., Order], str | None]] = {
    "forward": (Forward, None),
    "backward": (Backward, None),
    "backward-window": (BackwardWindow, "width"),
    "backward-tail": (BackwardTail, "start"),
    "backward-blocks": (BackwardBlocks, "size"),
    "two-sided": (TwoSided, None),
    "shuffled": (Shuffled, "seed"),
}


def order(spec: str | Order) -> Order:
    """Make a composition order from text; an order is returned as it is.

    Args:
        spec: "forward", "backward", "backward-window:WIDTH", "backward-tail:START", "backward-blocks:SIZE",
            "two-sided", "shuffled" or "shuffled:SEED" (what `str` of an order gives), or any object with `word(n)`.

    Raises:
        ValueError: unknown text (the nearest name is suggested), or a number missing or not understood.
        TypeError: neither text nor an object with `word(n)`; a class instead of an instance, for example.

    >>> order("backward-window:2")
    BackwardWindow(width=2)
    """
    if isinstance(spec, str):
        return _parse(spec)
    if isinstance(spec, type) or not isinstance(spec, Order):
        raise TypeError(f"order: got {spec!r}, but it must be text or an object with word(n), such as Backward()")
    return spec


def _parse(text: str) -> Order:
    name, colon, number = text.strip().partition(":")
    if name not in NAMES:
        hint = did_you_mean(name.lower().replace("_", "-"), NAMES)
        raise ValueError(f"order: got {text!r}, but the known names are {', '.join(NAMES)}{hint}")
    kind, field = NAMES[name]
    if field is None and colon:
        raise ValueError(f"order: got {text!r}, but {name!r} takes no number; write {name!r}")
    if not colon:
        if field is None or kind is Shuffled:
            return kind()
        raise ValueError(f"order: got {text!r}, but {name!r} needs its {field}; write '{name}:2', for example")
    if not (number.isascii() and number.isdigit()) or len(number) > 18:
        raise ValueError(f"order: got {text!r}, but the {field} after ':' must be a whole number, as in '{name}:2'")
    return kind(int(number))
