"""The exercises of notebook 01."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

from revorder.course.checking import NOTHING, exercise
from revorder.theory import steps_needed

Mistakes = Sequence[tuple[Callable[..., float], str]]  # a wrong formula, and the hint for whoever wrote it


@exercise("01-start")
def start(answer: tuple[float, float]) -> str | None:
    """By how much B_10 and B_∞ of the coin model (rate ½) differ if started from 8 instead of 0, on the same tosses."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        return "give two numbers: (difference at step 10, difference of the limits)."
    at_ten, limits = (abs(float(value)) for value in answer)
    if limits != 0 and math.isclose(limits, at_ten):
        return "you say that the gap stops shrinking at step 10; what does the eleventh batch do to it?"
    if limits != 0:
        return "does the limit remember its start? Let n grow in the formula for the gap."
    if math.isclose(at_ten, 8):
        return "each of the ten maps brings the two states closer together; the start's distance is not kept."
    if math.isclose(at_ten, 0.5**10):
        return "that is the factor of ten maps; what is it multiplied by?"
    if math.isclose(at_ten, 8 * 0.5**9) or math.isclose(at_ten, 8 * 0.5**11):
        return "off by one: at step 10 how many maps have been applied to each start?"
    if at_ten == 0:
        return "at a finite step the start is not yet forgotten: how much of it is left after ten maps?"
    if not math.isclose(at_ten, 8 * 0.5**10):
        return "every map halves the gap, in any order: start from the gap at step 0."
    return None


@exercise("01-steps")
def steps(answer: Callable[[float, float, float], int]) -> str | None:
    """`answer(rate, first_move, tol)`: the smallest step at which the a-priori bound is at most tol."""
    draw = random.Random(0)
    usual = [(draw.uniform(0.2, 0.97), draw.uniform(0.5, 20), 10 ** draw.uniform(-6, -1)) for _ in range(12)]

    def raw(rate: float, move: float, tol: float) -> float:
        return math.log(tol * (1 - rate) / move) / math.log(rate)

    mistakes: Mistakes = [
        (lambda r, m, t: math.ceil(math.log(t / m) / math.log(r)),
         "you bounded the next move only; the limit is all the later moves away. Sum their geometric series."),
        (lambda r, m, t: math.floor(raw(r, m, t)),
         "one step too early: at your n the bound is still above tol. Did you round the right way? Does your series "
         "of moves start at the right power?"),
        (raw, "a number of steps is whole; your formula is right until then."),
        (lambda r, m, t: math.ceil(raw(r, m, t)) + 1,
         "one step too late: the step before yours already has a bound below tol."),
        (lambda r, m, t: math.ceil(math.log(t * (1 - r)) / math.log(r)),
         "the first move R is missing: a start that is moved further needs more steps."),
        (lambda r, m, t: math.ceil(math.log(t / (m * (1 - r))) / math.log(r)),
         "1 - ρ stands on the wrong side: slower contraction (ρ near 1) must need more steps, also through it."),
    ]  # fmt: skip
    hint = _compare(answer, usual, steps_needed, mistakes, "put your n, and n - 1, into the bound")
    if hint is not None:
        return hint
    easy = (0.5, 0.01, 1.0)  # the start itself is within tol
    if answer(*easy) != steps_needed(*easy):
        return f"right for small tol, but for {easy} you say {answer(*easy)}: what if the start itself is near enough?"
    return None


@exercise("01-rate")
def rate(answer: Callable[[Sequence[float], float], float]) -> str | None:
    """`answer(eigenvalues, h)`: the Lipschitz constant of θ → θ - h H (θ - x), by the eigenvalues of H."""
    draw = random.Random(1)
    cases = [([1.0, 4.0], 0.45), ([1.0, 4.0], 0.1), ([0.5, 3.0, 2.0], 0.6)]
    for _ in range(9):
        cases.append(([draw.uniform(0.1, 5) for _ in range(draw.randint(2, 5))], draw.uniform(0.05, 0.6)))
    mistakes: Mistakes = [
        (lambda v, h: max(1 - h * x for x in v),
         "a factor may be negative and large: what does it do to a length?"),
        (lambda v, h: abs(1 - h * max(v)),
         "you looked at the steepest direction only; for a small h another one is slower."),
        (lambda v, h: abs(1 - h * min(v)),
         "you looked at the flattest direction only; for a large h the steepest one overshoots."),
        (lambda v, h: min(abs(1 - h * x) for x in v),
         "that is the direction that shrinks most; the constant must hold for every pair of states."),
        (lambda v, h: math.prod(abs(1 - h * x) for x in v),
         "that is what happens to a volume; ask by how much the LENGTH of a difference can be multiplied."),
        (lambda v, h: sum(abs(1 - h * x) for x in v) / len(v),
         "that is an average over directions; the constant must hold for every pair of states."),
        (lambda v, h: max(abs(1 - x) for x in v),
         "the learning rate does not enter your answer."),
        (lambda v, h: h * max(v),
         "that is the Lipschitz constant of the step alone; the map keeps θ and adds the step."),
        (lambda v, h: max(abs(1 - h * x) for x in v) ** 2,
         "no square is needed: a difference of two states is multiplied once."),
    ]  # fmt: skip

    def truth(values: Sequence[float], h: float) -> float:
        return max(abs(1 - h * value) for value in values)

    return _compare(answer, cases, truth, mistakes, "by which factor is a difference along each eigenvector multiplied")


def _compare(
    answer: Callable[..., float],
    cases: Sequence[tuple[Any, ...]],
    truth: Callable[..., float],
    mistakes: Mistakes,
    advice: str,
) -> str | None:
    """None if `answer` equals `truth` in all cases, else the hint of the mistake that it equals in all of them."""
    if not callable(answer):
        return f"give a function, such as `lambda …: …`; got {type(answer).__name__}."
    got = [answer(*case) for case in cases]
    if any(value is None for value in got):
        return NOTHING
    got = [float(value) for value in got]

    def equal(formula: Callable[..., float]) -> bool:
        return all(math.isclose(value, formula(*case), rel_tol=1e-9) for value, case in zip(got, cases, strict=True))

    if equal(truth):
        return None
    for wrong, hint in mistakes:
        if equal(wrong):
            return hint
    first = next(i for i, case in enumerate(cases) if not math.isclose(got[i], truth(*case), rel_tol=1e-9))
    side = "too large" if got[first] > truth(*cases[first]) else "too small"
    shown = ", ".join(f"{v:.4g}" if isinstance(v, float) else str([round(x, 4) for x in v]) for v in cases[first])
    return f"{got[first]:.6g} is {side} for ({shown}): {advice}."
