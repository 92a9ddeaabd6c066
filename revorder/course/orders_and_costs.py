"""The exercises of notebook 06."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from revorder.course.checking import NOTHING, exercise
from revorder.orders import Order
from revorder.planning.plan import plan

Mistakes = Sequence[tuple[Callable[..., float], str]]  # a wrong formula, and the hint for whoever wrote it


@exercise("06-words")
def words(answer: Order | Callable[[int], Sequence[int]]) -> str | None:
    """`answer.word(n)`, or `answer(n)`, applies the newest batch first and then the other ones, oldest first."""
    if isinstance(answer, type):
        return f"you gave the class; make an object of it: {answer.__name__}()."
    word = answer.word if isinstance(answer, Order) else answer
    if not callable(word):
        return f"give a function of n, or an object with word(n); got {type(answer).__name__}."
    sizes = [*range(3, 9), 2, 1]  # at n = 1 and n = 2 wrong orders may agree with the right one
    for n in sizes:
        got = word(n)
        if got is None:
            return NOTHING
        hint = _word_hint([int(number) for number in got], n)
        if hint is not None:
            return hint
    plan(answer if isinstance(answer, Order) else _Function(word), sizes)  # raises, with a readable message
    return None


class _Function:
    """An order made of a function."""

    def __init__(self, function: Callable[[int], Sequence[int]]):
        self.function = function

    def word(self, n: int) -> tuple[int, ...]:
        return tuple(self.function(n))

    def __str__(self) -> str:
        return "your order"


def _word_hint(got: list[int], n: int) -> str | None:
    """What is wrong with the word of step n; None if its first batch is the newest and the others ascend."""
    if sorted(got) == list(range(1, n + 1)):
        return "batches are counted from 0: at step n they are 0 to n - 1."
    if got.count(n - 1) > 1:
        return f"at n = {n} your word has the newest batch twice: it must not come again at the end."
    if n - 1 not in got and sorted(got) == list(range(n - 1)):
        return f"at n = {n} your word lacks the newest batch, {n - 1}."
    if sorted(got) != list(range(n)):
        return f"at n = {n} your word is {got}, but it must have each of the batches 0 to {n - 1} once."
    if got == list(range(n)) and n > 1:
        return "this is forward order: which batch must be applied first?"
    if got == list(range(n - 2, -1, -1)) + [n - 1] and n > 1:
        return "your word is reversed: a word is read in the order of application, first applied first."
    if got[0] != n - 1:
        return f"at n = {n} your word starts with batch {got[0]}, but the newest one is batch {n - 1}."
    if got[1:] != sorted(got[1:]):
        return f"at n = {n} the newest batch comes first, as it must; but the other ones must run forward."
    return None


@exercise("06-cost")
def cost(answer: Callable[[int], float]) -> str | None:
    """`answer(N)` is the cost of backward on distinct batches with every step 1 … N a checkpoint."""
    mistakes: Mistakes = [
        (lambda n: n, "that many BATCHED CALLS are made; the cost counts the evaluations inside of all of them."),
        (lambda n: n * n, "the words have different lengths: that of step n has n batches, not N."),
        (lambda n: n * (n - 1) / 2, "off by one word: is the word of the last step, N, in your sum?"),
        (lambda n: n * (n + 3) / 2, "the start is not an evaluation: a word of n batches applies T n times."),
        (lambda n: n + 1, "you counted the start and one path; but how many words start with the same batch?"),
    ]
    sizes = [2, 3, *random.Random(0).sample(range(4, 40), 6)]
    return _compare(answer, [(n,) for n in sizes], lambda n: plan("backward", range(1, n + 1)).cost, mistakes)


@exercise("06-cyclic")
def cyclic(answer: Callable[[int, int], float]) -> str | None:
    """`answer(N, K)` is the cost of backward at every step 1 … N >= K, if batch i has the label i mod K."""
    mistakes: Mistakes = [
        (lambda n, k: n * (n + 1) / 2, "you counted without sharing: word n is a prefix of word n + K."),
        (lambda n, k: k * n, "there are K chains, but of different lengths: only one has length N."),
        (lambda n, k: k * n - k * (k + 1) / 2, "off by one: the longest chain has length N, the next one N - 1."),
        (lambda n, k: k * (k + 1) / 2, "you stopped after one period: what of the longer words?"),
        (lambda n, k: n, "that is the price of one chain; words that start with different batches share nothing."),
        (lambda n, k: k, "that is the number of chains; how long is each of them?"),
    ]
    draw = random.Random(1)
    cases = [(n, draw.randint(2, n - 1)) for n in draw.sample(range(5, 40), 8)]

    def truth(n: int, k: int) -> int:
        return plan("backward", range(1, n + 1), labels=[i % k for i in range(n)]).cost

    return _compare(answer, cases, truth, mistakes)


def _compare(
    answer: Callable[..., float], cases: Sequence[tuple[int, ...]], truth: Callable[..., int], mistakes: Mistakes
) -> str | None:
    """None if `answer` equals `truth` in all cases, else the hint of the mistake that it equals in all of them."""
    if not callable(answer):
        return f"give a function, such as `lambda N: ...`; got {type(answer).__name__}."
    got = [answer(*case) for case in cases]
    if any(value is None for value in got):
        return NOTHING
    if got == [truth(*case) for case in cases]:
        return None
    for wrong, hint in mistakes:
        if got == [wrong(*case) for case in cases]:
            return hint
    first = next(i for i, case in enumerate(cases) if got[i] != truth(*case))
    side = "too much" if got[first] > truth(*cases[first]) else "too little"
    return f"{got[first]} is {side} for {cases[first]}: list the words of a small case, and mark equal prefixes."
