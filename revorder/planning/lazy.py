"""Sequences whose members are made when they are asked for. Needs nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class Lazy(Sequence[T]):
    """The things `make(i)` for a sequence of numbers i; a slice of it is one, too.

    >>> squares = Lazy(lambda i: i * i, range(10))
    >>> squares[-1], list(squares[2:5])
    (81, [4, 9, 16])
    """

    def __init__(self, make: Callable[[int], T], numbers: Sequence[int]):
        self.make, self.numbers = make, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, where: int) -> T: ...

    @overload
    def __getitem__(self, where: slice) -> Lazy[T]: ...

    def __getitem__(self, where: int | slice) -> T | Lazy[T]:
        if isinstance(where, slice):
            return Lazy(self.make, self.numbers[where])
        return self.make(self.numbers[where])

    def __iter__(self) -> Iterator[T]:
        return map(self.make, self.numbers)
