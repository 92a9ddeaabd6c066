"""The exercises of notebook 04."""

from __future__ import annotations

import functools
import math
import random
from collections.abc import Callable, Iterable, Sequence

import torch

from revorder.course.checking import NOTHING, exercise
from revorder.course.start_here import close
from revorder.theory import batches_backward_is_worth, steps_needed

Mistakes = Sequence[tuple[Callable[..., float], str]]  # a wrong formula, and the hint for whoever wrote it

OLD, NEW = 5, 3  # batches of the rough draw, and those that refine it
FUNCTION = "give a function, such as `lambda {}: ...`; got {}."


@exercise("04-depth")
def depth(answer: Callable[[float, float, float, int], float]) -> str | None:
    """`answer(rate, first_move, tol, n_samples)` counts the evaluations of T behind perfect samples."""
    if not callable(answer):
        return FUNCTION.format("rate, first_move, tol, n_samples", type(answer).__name__)
    draw = random.Random(0)
    # rates far from ½, so that a forgotten factor 1/(1 - rate) shows; tolerances well below the first move
    cases = [
        (draw.uniform(0.7, 0.98), draw.uniform(1.5, 9), 10 ** draw.uniform(-9, -2), draw.randint(2, 900))
        for _ in range(8)
    ]
    got = [answer(*case) for case in cases]
    if any(value is None for value in got):
        return NOTHING
    if got == [samples * steps_needed(rate, move, tol) for rate, move, tol, samples in cases]:
        return None
    return _depth_hint(got, cases)


def _depth_hint(got: list[float], cases: list[tuple[float, float, float, int]]) -> str:
    """The hint of the mistake that gives `got` in all cases."""

    def exact(rate: float, size: float) -> float:
        return math.log(size) / math.log(1 / rate)

    mistakes: Mistakes = [
        (lambda p, r, t, k: steps_needed(p, r, t), "that is the depth of ONE draw; each draw has batches of its own."),
        (lambda p, r, t, k: k * math.ceil(exact(p, r / t)),
         "you stop when ONE more batch moves B by less than tol; but all the batches after it move B, too: add up."),
        (lambda p, r, t, k: k * math.ceil(exact(p, 1 / ((1 - p) * t))), "how far can the first move be? It is not 1."),
        (lambda p, r, t, k: k * math.floor(exact(p, r / ((1 - p) * t))),
         "you rounded down: the bound must be met, so take the smallest whole n that meets it."),
        (lambda p, r, t, k: k * exact(p, r / ((1 - p) * t)), "a depth is a whole number: round, but which way?"),
        (lambda p, r, t, k: steps_needed(p, r, t / k),
         "more draws do not have to be deeper: every draw has the same tolerance, and needs evaluations of its own."),
    ]  # fmt: skip
    for wrong, hint in mistakes:
        if all(math.isclose(a, wrong(*case), rel_tol=1e-12) for a, case in zip(got, cases, strict=True)):
            return hint
    rate, move, tol, samples = cases[0]
    side = "too many" if got[0] > samples * steps_needed(rate, move, tol) else "too few"
    return (
        f"{got[0]:g} evaluations are {side} for rate {rate:.3g}, first move {move:.3g}, tol {tol:.1e} and {samples} "
        "draws: start from the a-priori bound, and ask from which n on it is at most tol."
    )


# the word that a likely mistake would apply, and the hint for whoever made it; batches 0 … OLD - 1 are the old ones
MIXED: list[tuple[Iterable[int], str]] = [
    ((*range(OLD - 1, -1, -1), *range(OLD, OLD + NEW)),
     "you applied the further batches AFTER the old ones: that is a forward continuation, and moves the draw."),
    ((*range(OLD - 1, -1, -1), *range(OLD + NEW - 1, OLD - 1, -1)),
     "you reversed the further batches, but applied them to the rough draw; they must go in before the old ones."),
    ((*range(OLD, OLD + NEW), *range(OLD - 1, -1, -1)),
     "right that the further batches go first; but among themselves, too, the newest must be the first."),
    (range(OLD - 1, -1, -1), "that is the rough draw itself: the further batches have no effect in your function."),
    (range(OLD + NEW), "that is the forward state of all batches: which batch must be applied last?"),
    (range(OLD + NEW - 1, OLD - 1, -1), "the old batches must be applied again, after the further ones."),
]  # fmt: skip


@exercise("04-refine")
def refine(answer: Callable[..., torch.Tensor]) -> str | None:
    """`answer(update, start, batches, extra)` is the backward state of the batches followed by the extra ones."""
    if not callable(answer):
        return FUNCTION.format("update, start, batches, extra", type(answer).__name__)
    generator = torch.Generator().manual_seed(0)
    batches = list(torch.rand(OLD + NEW, generator=generator, dtype=torch.float64))
    start = torch.rand((), generator=generator, dtype=torch.float64) + 2

    def update(state: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
        return state - 0.3 * (state - batch)

    def apply(word: Iterable[int], state: torch.Tensor = start) -> torch.Tensor:
        return functools.reduce(lambda state, number: update(state, batches[number]), word, state)

    got = answer(update, start, list(batches[:OLD]), list(batches[OLD:]))
    if got is None:
        return NOTHING
    right = range(OLD + NEW - 1, -1, -1)
    if close(got, apply(right)):
        return None
    if close(got, apply(right, apply(range(OLD - 1, -1, -1)))):
        return "start from `start` and not from the rough draw: else the old batches act twice."
    found = (hint for word, hint in MIXED if close(got, apply(word)))
    return next(found, "write down the composition of all batches as one backward word; which batch is applied first?")


@exercise("04-worth")
def worth(answer: Callable[[float], float]) -> str | None:
    """`answer(h)`: how many independent batches have a plain mean of the variance of B_∞."""
    if not callable(answer):
        return FUNCTION.format("h", type(answer).__name__)
    rates = [0.02, 0.1, 0.3, 0.5, 0.9, 1.3, 1.9]
    got = [answer(h) for h in rates]
    if any(value is None for value in got):
        return NOTHING
    truth = batches_backward_is_worth
    if all(math.isclose(value, truth(h)) for value, h in zip(got, rates, strict=True)):
        return None
    mistakes: Mistakes = [
        (lambda h: h / (2 - h), "that is the variance of B_∞ in units of Var x; how many batches are enough for it?"),
        (lambda h: 1 / h, "that is how many batches B_∞ remembers; but the weights are unequal: use the variance."),
        (lambda h: 2 / h, "that is only the limit for small learning rates: use the exact variance."),
        (lambda h: ((2 - h) / h) ** 0.5, "compare variances, not standard deviations."),
        (lambda h: 4 * (2 - h) / h, "for tosses Var x is ¼, but it stands in both variances."),
        (lambda h: (2 - h) / (4 * h), "no Var x is left in the answer: it cancels."),
    ]  # fmt: skip
    for formula, hint in mistakes:
        if all(math.isclose(a, formula(h), rel_tol=1e-9) for a, h in zip(got, rates, strict=True)):
            return hint
    value, h = next(pair for pair in zip(got, rates, strict=True) if not math.isclose(pair[0], truth(pair[1])))
    return (
        f"{value:.4g} is {'too many' if value > truth(h) else 'too few'} at h = {h}: which variance has the plain mean "
        "of k batches, and which has B_∞?"
    )
