"""The two products that nearly all time goes into, for one strip of a weight W: apply it, and add to it.

Both pass over the strip once, and keep what belongs to eight examples in registers meanwhile: a vector of the strip is
loaded once for eight products. That is why one core does more than 90 % of the products that it can do at all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from revorder.fast.compiler import compiled, inlined
from revorder.fast.vectors import lanes, load, load_rows, mixed, plus_outer, store, store_rows


def _for_examples(count: int) -> tuple[Callable[..., None], Callable[..., None]]:
    """The two products for so many examples at once."""

    @inlined
    def apply_some(work: Any, at: int, rows: int, numbers: Any, x: int, stride: int, y: int, width: int) -> None:
        sums = load_rows(work, y, width, count)
        for d in range(rows):
            sums = plus_outer(sums, numbers, x + d, stride, load(work, at + d * lanes(work)))
        store_rows(work, y, width, sums)

    @inlined
    def add_some(work: Any, at: int, rows: int, numbers: Any, x: int, stride: int, g: int, width: int) -> None:
        gradients = load_rows(work, g, width, count)
        for d in range(rows):  # the change is summed up first: that rounds W once for eight examples
            place = at + d * lanes(work)
            store(work, place, load(work, place) + mixed(gradients, numbers, x + d, stride))

    return apply_some, add_some


def _for_batches(eight: Callable[..., None], four: Callable[..., None], one: Callable[..., None]) -> Any:
    """A product for any number of examples, of those for some at once."""

    @compiled
    def product(
        work: Any, at: int, rows: int, numbers: Any, x: int, stride: int, y: int, width: int, batch: int
    ) -> None:
        b = 0
        for _ in range(batch // 8):
            eight(work, at, rows, numbers, x + b * stride, stride, y + b * width, width)
            b += 8
        for _ in range(batch % 8 // 4):
            four(work, at, rows, numbers, x + b * stride, stride, y + b * width, width)
            b += 4
        for _ in range(batch % 4):
            one(work, at, rows, numbers, x + b * stride, stride, y + b * width, width)
            b += 1

    return product


(apply_8, add_8), (apply_4, add_4), (apply_1, add_1) = (_for_examples(count) for count in (8, 4, 1))
# Y[b] += sum over d of x[b, d] W[d]; the strip's vector W[d] is work[at + d·lanes …], Y[b] work[y + b·width …]
apply = _for_batches(apply_8, apply_4, apply_1)
# W[d] += sum over b of x[b, d] Y[b]
add = _for_batches(add_8, add_4, add_1)
