"""The exercises of notebook 00."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

import torch

from revorder.course.checking import exercise

TOTAL = 7  # batches; step n uses the first n of them

# the word that a likely mistake would apply at step n, and the hint for whoever made it
MISTAKES: list[tuple[Callable[[int], Iterable[int]], str]] = [
    (lambda n: range(n), "this is the forward state: which batch must be applied first, the oldest or the newest?"),
    (
        lambda n: range(TOTAL - 1, TOTAL - 1 - n, -1),
        "you reversed the sampler, not the composition: step n may use only the first n batches, newest of them first.",
    ),
    (lambda n: range(n - 1, 0, -1), "batches are counted from 0: the last map applied must be that of batch 0."),
    (lambda n: (), "the state never moved: use what `update` returns, since it leaves its input alone."),
]


@exercise("00-by-hand")
def by_hand(answer: Callable[..., torch.Tensor]) -> str | None:
    """`answer(update, start, batches, n)` is the backward state at step n, as a function the learner wrote."""
    generator = torch.Generator().manual_seed(0)
    batches = list(torch.rand(TOTAL, generator=generator, dtype=torch.float64))
    start = torch.rand((), generator=generator, dtype=torch.float64) + 2

    def update(state: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
        return state - 0.3 * (state - batch)

    def apply(word: Iterable[int]) -> torch.Tensor:
        return functools.reduce(lambda state, number: update(state, batches[number]), word, start)

    for n in range(TOTAL, 0, -1):
        try:
            got = answer(update, start, batches, n)
        except IndexError:
            return "there is no batch with that number: batches are counted from 0 to n - 1."
        if got is None:
            return "your function returned nothing; end it with `return state`."
        if not close(got, apply(range(n - 1, -1, -1))):
            found = (hint for word, hint in MISTAKES if close(got, apply(word(n))))
            return next(found, f"the state differs from the composition at n = {n}; did you start afresh from `start`?")
    return None


def close(a: Any, b: torch.Tensor) -> bool:
    """Whether a learner's number is a float64 scalar tensor up to rounding."""
    return bool(torch.isclose(torch.as_tensor(a, dtype=torch.float64), b, rtol=0, atol=1e-12))


@exercise("00-which-batch")
def which_batch(answer: tuple[float, float]) -> str | None:
    """By what factor changing batch 0, or else the newest batch, moves the backward state after 10 steps (rate ½)."""
    oldest, newest = 0.5, 0.5**10
    if not isinstance(answer, tuple) or len(answer) != 2:
        return "give two numbers: (effect of batch 0, effect of batch 9)."
    if all(abs(a - b) < 1e-9 for a, b in zip(answer, (oldest, newest), strict=True)):
        return None
    if all(abs(a - b) < 1e-9 for a, b in zip(answer, (newest, oldest), strict=True)):
        return "that is forward SGD, where the newest batch weighs most; backward it is the other way round."
    if answer[0] == 1 or answer[1] == 0.5**9:
        return "the batch itself enters with the factor lr = ½; each of the later maps then halves what it did."
    return "each map halves what came before it, and adds half of its batch; count the maps applied after each batch."
