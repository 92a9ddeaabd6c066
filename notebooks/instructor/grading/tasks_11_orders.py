"""Exercises 1 to 3 of notebook 11, and what is right: the backward path, an own order, and what a path costs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from random import Random

import torch

from grading.tasks import Case, Formula, Mistakes, Part, Task
from revorder.course.asking import Given
from revorder.orders import BackwardBlocks
from revorder.planning.plan import plan

Words = Callable[[int, int], Iterable[int]]  # (step n, number of batches) -> batches in the order of application


def path_cases(seed: int) -> list[Case]:
    """`answer(update, start, batches)` lists B_1, …, B_N, for any update of states that are tensors."""
    # a generator of torch knows 32 bits of its seed: none of them may be the course's
    generator = torch.Generator().manual_seed(seed and Random(f"11-path {seed}").getrandbits(32))
    cases: list[Case] = []
    for number in (5, 7):  # affine maps of the plane, which do not commute: batch i is a (2, 3) tensor
        maps = torch.rand(number, 2, 3, generator=generator, dtype=torch.float64) - 0.5
        start = 1 + torch.rand(2, generator=generator, dtype=torch.float64)
        cases.append((Given("affine"), start, list(maps)))
    return cases


def path_mistakes() -> Mistakes:
    return [
        (_path(lambda n, _: [i for k in range(1, n + 1) for i in reversed(range(k))]),
         "step 1 is right, and then you carry on from the state of the step before: where does each step begin?"),
        (_path(lambda n, _: range(n)),
         "this is the forward path: which of the first n batches must be applied first?"),
        (_path(lambda n, total: range(total - 1, total - 1 - n, -1)),
         "you reversed the data order (the sampler), not the composition: step n knows the first n batches only."),
        (_path(lambda n, _: range(n, 0, -1)),
         "there is no batch N: batches are counted from 0, so step n has 0 to n - 1."),
        (_path(lambda n, _: range(n - 1, 0, -1)),
         "batch 0 is never applied; where does your countdown end?"),
        (_path(lambda n, _: range(n - 2, -1, -1)),
         "your step n uses one batch too few: its newest batch is missing."),
        (_path(lambda n, _: ()),
         "the state never moves: use what `update` returns, since it leaves its input alone."),
        (lambda update, start, batches: _path(_backward)(update, start, batches)[-1],
         "you returned the last state only; a path has one state for each step."),
        (lambda update, start, batches: [start, *_path(_backward)(update, start, batches)],
         "one state too many: the start is not a step."),
    ]  # fmt: skip


def _backward(n: int, total: int) -> Iterable[int]:
    return reversed(range(n))


def _path(word: Words) -> Formula:
    """The list of states that these words make of the start."""

    def states(update: Formula, start: torch.Tensor, batches: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        def apply(numbers: Iterable[int]) -> torch.Tensor:
            return functools.reduce(lambda state, i: update(state, batches[i]), numbers, start)

        return [apply(word(n, len(batches))) for n in range(1, len(batches) + 1)]

    return states


def _newest_block_first(size: int, n: int) -> list[int]:
    return sorted(range(n), key=lambda i: (-(i // size), i))


def order_cases(seed: int) -> list[Case]:
    """`answer(size).word(n)`: blocks of `size` batches, the newest block first, each block forward inside."""
    draw = Random(f"11-order {seed}")
    cases: list[Case] = [(size, draw.randint(2 * size + 1, 3 * size - 1)) for size in (2, 3, 5)]
    cases += [(size, draw.randint(6, 20)) for size in range(2, 6)]
    return cases + [(draw.randint(1, 24), draw.randint(1, 24)) for _ in range(20 if seed else 0)]


ORDER_MISTAKES: Mistakes = [
    (lambda size, n: BackwardBlocks(size).word(n),
     "your blocks come oldest first, reversed inside; a word is read first applied first, unlike a composition."),
    (lambda size, n: range(n)[::-1], "this is backward: inside a block the oldest batch is applied first."),
    (lambda size, n: range(n), "this is forward: which block must be applied first?"),
    (lambda size, n: [i for last in range(n, 0, -size) for i in range(max(last - size, 0), last)],
     "your blocks shift when n grows: cut them from batch 0 on, so that only the newest one may be shorter."),
    (lambda size, n: [i for i in _newest_block_first(size, n) if i < n // size * size],
     "the newest block is missing where it is not full yet."),
    (lambda size, n: _newest_block_first(size, -(-n // size) * size),
     "where the newest block is not full yet, your word asks for batches that step n does not have."),
    (lambda size, n: [i + 1 for i in _newest_block_first(size, n)],
     "your batch numbers start at 1; the first batch has another number."),
]  # fmt: skip


def cost_cases(seed: int) -> list[Case]:
    """`answer(checkpoints, period)`: evaluations of backward at these steps, if batch i has the label i mod period."""
    draw = Random(f"11-cost {seed}")
    cases: list[Case] = [([4, 7, 8], 3)]
    cases += [(sorted(draw.sample(range(8, 60), 5)), period) for period in (2, 3, 4, 5)]
    return cases + [(sorted(draw.sample(range(1, 50), 6)), period) for period in range(1, 9) if seed]


def ends(checkpoints: list[int], period: int, which: Callable[[list[int]], int]) -> list[int]:
    """One checkpoint of each chain."""
    chains = [[n for n in checkpoints if n % period == rest] for rest in range(period)]
    return [which(chain) for chain in chains if chain]


COST_MISTAKES: Mistakes = [
    (lambda c, k: sum(c), "nothing is shared in your count, but batches come again; which words start alike?"),
    (lambda c, k: max(c), "that is the price of one chain; do all of these words start with the same batch?"),
    (lambda c, k: k * max(c) - k * (k - 1) / 2, "that is a checkpoint at every step; here only some steps are."),
    (lambda c, k: len(ends(c, k, max)) * max(c), "not every chain runs on to the last of all checkpoints."),
    (lambda c, k: len(ends(c, k, max)), "that is the number of chains; how long is each?"),
    (lambda c, k: sum(ends(c, k, min)), "your chains stop at the first of their checkpoints."),
    (lambda c, k: sum(min(n, k) for n in c),
     "a batch that comes again is applied again, to another state: only equal beginnings of words are free."),
]  # fmt: skip


def _planned_cost(checkpoints: list[int], period: int) -> int:
    return plan("backward", checkpoints, labels=[i % period for i in range(max(checkpoints))]).cost


TASKS = [
    Task(
        "11-path",
        path_cases,
        [Part(_path(_backward), path_mistakes(), "write out the words of the steps 1, 2 and 3, and compare.")],
    ),
    Task(
        "11-order",
        order_cases,
        [Part(_newest_block_first, ORDER_MISTAKES,
              "for (size, n) = {case} your word is {got}: mark its blocks, then look inside each.")],
        ask="word",
    ),
    Task(
        "11-cost",
        cost_cases,
        [Part(_planned_cost, COST_MISTAKES,
              "{got} is wrong for {case}: write the words down by labels, and mark equal beginnings.")],
    ),
]  # fmt: skip
