"""The exercises of notebook 00."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from revorder.course import exercise

RATES = (0.3, 0.5, 0.9)
STEPS = 7


@exercise("00-by-hand")
def by_hand(answer: Callable[[Callable, torch.Tensor, list, int], torch.Tensor]) -> str | None:
    """`answer(update, start, batches, n)` is the backward state at step n, as a function the learner wrote."""
    generator = torch.Generator().manual_seed(0)
    for rate in RATES:
        batches = list(torch.rand(STEPS, generator=generator, dtype=torch.float64))
        start = torch.rand((), generator=generator, dtype=torch.float64) + 2

        def update(state: torch.Tensor, batch: torch.Tensor, rate: float = rate) -> torch.Tensor:
            return state - rate * (state - batch)

        def apply(numbers: Any, update: Callable = update, start: Any = start, batches: list = batches) -> Any:
            state = start
            for number in numbers:
                state = update(state, batches[number])
            return state

        reversed_sampler = [apply(range(STEPS - 1, STEPS - 1 - n, -1)) for n in range(1, STEPS + 1)]
        for n in range(STEPS, 0, -1):
            got = answer(update, start, batches, n)
            if _close(got, apply(range(n - 1, -1, -1))):
                continue
            if got is None:
                return "your function returned nothing; end it with `return state`."
            if _close(got, apply(range(n))):
                return "this is the forward state: which batch must be applied first, the oldest or the newest?"
            if _close(got, reversed_sampler[n - 1]):
                return (
                    "you reversed the sampler, not the composition: step n may use only the n batches seen so far, "
                    "with the newest of them first."
                )
            if _close(got, apply(range(n, 0, -1))) or _close(got, apply(range(n - 1, 0, -1))):
                return "batches are counted from 0: the last map applied must be that of batch 0."
            if _close(got, start):
                return "the state never moved: use what `update` returns, since it leaves its input alone."
            return f"the state differs from the composition at n = {n}; did you start afresh from `start`?"
    return None


def _close(a: Any, b: Any) -> bool:
    return a is not None and bool(torch.isclose(torch.as_tensor(a, dtype=torch.float64), b, rtol=0, atol=1e-12))


@exercise("00-which-batch")
def which_batch(answer: float) -> str | None:
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
