"""The exercises of notebook 05."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from revorder import theory
from revorder.course.checking import exercise

Mistakes = Sequence[tuple[Callable[..., float], str]]  # a wrong formula, and the hint for whoever wrote it


@exercise("05-lyapunov")
def lyapunov(answer: Callable[[float, float, float], float]) -> str | None:
    """`answer(a, h, s)` is the stationary variance at curvature a and learning rate h, gradient noise of variance s."""
    unscaled = "a factor is missing: does the noise enter a step as it is, or multiplied by something?"
    mistakes: Mistakes = [
        (lambda a, h, s: h * s / (2 * a), "that is the limit for small h; here h may be anything below 2/a."),
        (lambda a, h, s: s / (a * (2 - h * a)), unscaled),
        (lambda a, h, s: s / (h * a * (2 - h * a)), unscaled),
        (lambda a, h, s: h * s / (2 - h), "that holds for curvature 1: what multiplies θ for curvature a?"),
        (
            lambda a, h, s: h * a * s / (2 - h * a),
            "that is for noise in the batch's target; here s is the variance of the gradient itself.",
        ),
        (lambda a, h, s: h * s / a, "a variance is multiplied by the SQUARE of the factor that multiplies θ."),
        (lambda a, h, s: math.sqrt(h * s / (a * (2 - h * a))), "that is the standard deviation, not the variance."),
    ]
    draw = np.random.default_rng(0)
    cases = [(a, h / a, s) for a, h, s in draw.uniform((0.2, 0.1, 0.5), (3, 1.9, 4), size=(6, 3)).tolist()]

    def truth(a: float, h: float, s: float) -> float:
        return float(theory.stationary_covariance(a, s, h)[0, 0])

    otherwise = "write v = (factor of θ)² · v + (variance that one step adds), and solve for v."
    return _compare(answer, cases, truth, mistakes, otherwise)


@exercise("05-expand")
def expand(answer: float) -> str | None:
    """The chance p of slope -1.5, against slope 0.5, at which backward iterates stop to converge."""
    p = _number(answer)
    if p is None:
        return f"give a number, a chance between 0 and 1; got {answer!r}."
    if not 0 <= p <= 1:
        return f"got {p:g}, but a chance lies between 0 and 1."
    border = math.log(2) / math.log(3)
    mistakes = [
        (0.5, "there the mean of |a| is 1, which is enough for convergence but not needed: products, not sums."),
        (0.375, "there the mean of a² is 1: beyond it the variance is infinite, but B_n still converges."),
        (0.75, "there the mean of a is -1: this tells when the MEAN of θ runs away, and signs do not matter here."),
        (1 - border, "you swapped the two chances: p is the chance of the slope that expands."),
        (0.25, "there the mean of a is 0: but what matters is how distances are multiplied in the long run."),
    ]
    if abs(p - border) < 2e-3:
        return None
    for wrong, hint in mistakes:
        if abs(p - wrong) < 2e-3:
            return hint
    side = "still converge" if p < border else "diverge already"
    return f"at p = {p:g} backward iterates {side}: of which function of |a| must the mean be 0 at the border?"


@exercise("05-cycle")
def cycle(answer: Callable[[float, float, float], float]) -> str | None:
    """`answer(h, x0, x1)` is the limit of B_n for the loss ½(θ - x)² and batches x0, x1, x0, x1, …"""
    mistakes: Mistakes = [
        (
            lambda h, x0, x1: (x1 + (1 - h) * x0) / (2 - h),
            "this is where FORWARD arrives at even steps: which batch does backward apply last?",
        ),
        (lambda h, x0, x1: (x0 + x1) / 2, "that is the minimiser of the mean loss; the batch applied last pulls more."),
        (lambda h, x0, x1: h * (x0 + (1 - h) * x1), "that is B_2 from θ_0 = 0; the limit has gone round many times."),
        (lambda h, x0, x1: x0 + (1 - h) * x1, "the weights of x0 and x1 must sum to 1: what if both batches are 1?"),
        (lambda h, x0, x1: x0, "the last map goes only a part of the way to its batch."),
        (
            lambda h, x0, x1: h * x0 + (1 - h) * x1,
            "one step from x1 is not enough: the limit must come back to itself after BOTH maps.",
        ),
    ]
    draw = np.random.default_rng(1)
    cases = [tuple(case) for case in draw.uniform((0.1, -2, -2), (1.9, 2, 2), size=(6, 3)).tolist()]

    def truth(h: float, x0: float, x1: float) -> float:
        return float(theory.backward_limit([1 - h, 1 - h], [h * x0, h * x1]))

    return _compare(answer, cases, truth, mistakes, "solve θ = T_0(T_1(θ)) for θ, with T_i(θ) = θ - h(θ - x_i).")


def _compare(
    answer: Any,
    cases: Sequence[tuple[float, ...]],
    truth: Callable[..., float],
    mistakes: Mistakes,
    otherwise: str,
) -> str | None:
    """None if `answer` equals `truth` in all cases, else the hint of the mistake that it equals in all of them."""
    if not callable(answer):
        return f"give a function, such as `lambda …: …`; got {type(answer).__name__}."
    given = [_number(answer(*case)) for case in cases]
    got = [number for number in given if number is not None]
    if len(got) < len(given):
        return "your function must return a number; end it with `return`."
    if _close(got, truth, cases):
        return None
    return next((hint for wrong, hint in mistakes if _close(got, wrong, cases)), otherwise)


def _close(got: Sequence[float], formula: Callable[..., float], cases: Sequence[tuple[float, ...]]) -> bool:
    return np.allclose(got, [formula(*case) for case in cases], rtol=1e-6, atol=1e-9)


def _number(value: Any) -> float | None:
    """A float, also from an array or tensor of one number; None if there is none to be had."""
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return None
    return float(numbers.item()) if numbers.size == 1 and value is not None else None
