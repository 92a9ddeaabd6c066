"""The exercises of notebook 08."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from revorder.course.checking import NOTHING, exercise

SPECTRA = [(0.1, -2.0, 5.0), (0.5, -1.0, 10.0), (0.1, 0.0, 4.0), (0.3, -0.5, 9.0), (0.01, -3.0, 150.0)]  # h, ends
MISTAKES: list[tuple[Callable[[float, float, float], float], str]] = [
    (lambda h, low, high: 1 - h * low,
     "right where curvature is negative; a factor may also be below 0, when a step leaps over a steep valley."),
    (lambda h, low, high: abs(1 - h * high), "a direction of negative curvature is stretched, too; look at both ends."),
    (lambda h, low, high: min(abs(1 - h * low), abs(1 - h * high)),
     "a Lipschitz constant is about the direction that is stretched most."),
    (lambda h, low, high: 1 + h * max(-low, high), "a positive curvature is subtracted from 1, a negative one added."),
    (lambda h, low, high: h * max(abs(low), abs(high)), "the map is θ minus a step; what does θ itself contribute?"),
    (lambda h, low, high: max(abs(low), abs(high)), "those are sizes of the Hessian; the map's Jacobian is I - h H."),
]  # fmt: skip


@exercise("08-stretch")
def stretch(answer: Callable[[float, float, float], float]) -> str | None:
    """`answer(h, lowest, highest)`: the local Lipschitz constant of a step of SGD, from the ends of the spectrum."""
    if not callable(answer):
        return f"give a function, such as `lambda h, lowest, highest: …`; got {type(answer).__name__}."
    got: list[Any] = [answer(*ends) for ends in SPECTRA]
    if any(value is None for value in got):
        return NOTHING
    if any(np.shape(value) != () for value in got):
        return f"give one number; got shape {next(np.shape(value) for value in got if np.shape(value) != ())}."
    right = [max(abs(1 - h * low), abs(1 - h * high)) for h, low, high in SPECTRA]
    if np.allclose(got, right, rtol=1e-9):
        return None
    found = (hint for wrong, hint in MISTAKES if np.allclose(got, [wrong(*ends) for ends in SPECTRA], rtol=1e-9))
    return next(found, "which eigenvalues has I - h H, if H has the eigenvalue λ? The largest one in size counts.")


@exercise("08-adam")
def adam_counter(answer: tuple[int, int]) -> str | None:
    """Adam's step counter t in the bias correction, for the newest batch and for batch 0, when B_1000 is computed."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "give two numbers: (counter for batch 999, counter for batch 0)."
    given = tuple(answer)
    hints: dict[tuple[int, ...], str] = {
        (1000, 1): "that is forward: the counter counts positions in the word, and backward the word is another one.",
        (0, 999): "the counter is raised before it is used: else the bias correction would divide by 1 - β⁰ = 0.",
        (999, 0): "the counter counts positions in the word, not batch numbers, and it starts anew from θ_0.",
        (1000, 1000): "the counter is part of the state: every map in the word raises it.",
        (1, 1): "after the newest batch the state goes on, with its counter; only θ_0 has a fresh one.",
    }
    if given == (1, 1000):
        return None
    return hints.get(given, "write down the word of B_1000 and number its batches in the order of application.")
