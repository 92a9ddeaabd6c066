"""The exercises of notebook 07."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from revorder.course.checking import NOTHING, exercise
from revorder.updates.lie import lie_corrected

Quadratic = tuple[np.ndarray, np.ndarray]  # Hessian (2, 2) and minimiser (2,)

# for gradients g and Hessians H of batches 0 and 1: what a likely mistake computes, and the hint for whoever made it
SIGN_MISTAKES: list[tuple[Callable[..., np.ndarray], str]] = [
    (
        lambda f: -(f.h**2) * f.bracket,
        "the size is right, the sign is not: the map named first is applied last; which Hessian meets which gradient?",
    ),
    (lambda f: f.bracket, "the gap shrinks with the learning rate, but your vector does not depend on it."),
    (lambda f: f.h * f.bracket, "halve h: the gap becomes four times smaller, your vector only half as long."),
    (
        lambda f: f.h**2 * (f.H0 @ f.g0 - f.H1 @ f.g1),
        "each of your Hessians meets the gradient of its own batch; a second step feels what the OTHER batch did.",
    ),
    (
        lambda f: f.h**2 * (f.H0 @ f.g1),
        "that is one of the two orders; the other one has a second-order term too, and they are compared.",
    ),
    (
        lambda f: f.h**2 * (f.H0 @ f.H1 - f.H1 @ f.H0) @ f.theta,
        "you left out the minimisers: the gradient of ½(θ-x)ᵀH(θ-x) vanishes at x, not at 0.",
    ),
    (
        lambda f: f.h**2 * (f.H0 @ f.H1 @ (f.theta - f.x0) - f.H1 @ f.H0 @ (f.theta - f.x1)),
        "you mixed up the minimisers: a gradient takes the Hessian AND the minimiser of one and the same batch.",
    ),
    (
        lambda f: f.h**2 * (f.H0 @ f.H1 @ (f.after0 - f.x1) - f.H1 @ f.H0 @ (f.after1 - f.x0)),
        "your gradients are taken after the first step; the bracket takes all derivatives at θ itself.",
    ),
]


class _Pair:
    """Two random quadratic losses, a state and a learning rate, with the pieces that brackets are made of."""

    def __init__(self, seed: int):
        draw = np.random.default_rng(seed)
        roots = draw.normal(size=(2, 2, 2))
        self.H0, self.H1 = roots @ roots.transpose(0, 2, 1)
        self.x0, self.x1, self.theta = draw.normal(size=(3, 2))
        self.h = draw.uniform(0.1, 0.4)
        self.g0, self.g1 = self.H0 @ (self.theta - self.x0), self.H1 @ (self.theta - self.x1)
        self.after0, self.after1 = self.theta - self.h * self.g0, self.theta - self.h * self.g1
        self.bracket = self.H0 @ self.g1 - self.H1 @ self.g0  # without h²

    @property
    def arguments(self) -> tuple[Any, ...]:
        return tuple(np.copy(a) for a in (self.H0, self.x0, self.H1, self.x1, self.theta)) + (self.h,)

    @property
    def gap(self) -> np.ndarray:
        """T_0(T_1(θ)) - T_1(T_0(θ)), by taking the steps: for quadratics it IS the bracket."""
        backward = self.after1 - self.h * self.H0 @ (self.after1 - self.x0)
        gap: np.ndarray = backward - (self.after0 - self.h * self.H1 @ (self.after0 - self.x1))
        return gap


@exercise("07-sign")
def sign(answer: Callable[..., np.ndarray]) -> str | None:
    """`answer(H0, x0, H1, x1, theta, h)` is T_0(T_1(θ)) - T_1(T_0(θ)) for losses ½(θ-x)ᵀH(θ-x), as a vector (2,)."""
    if not callable(answer):
        return f"give a function of (H0, x0, H1, x1, theta, h); got {type(answer).__name__}."
    pairs = [_Pair(seed) for seed in range(4)]
    got = [answer(*pair.arguments) for pair in pairs]
    if any(vector is None for vector in got):
        return NOTHING
    if any(np.shape(vector) != (2,) for vector in got):
        return f"the gap is a vector with 2 numbers, like θ; yours has the shape {np.shape(got[0])}."
    if _equal(got, [pair.gap for pair in pairs]):
        return None
    for wrong, hint in SIGN_MISTAKES:
        if _equal(got, [wrong(pair) for pair in pairs]):
            return hint
    return "the vector differs from the gap of the two orders; expand one of them on paper, up to the terms with h²."


def _equal(a: Sequence[np.ndarray], b: Sequence[np.ndarray]) -> bool:
    return np.allclose(np.asarray(a, dtype=float), np.asarray(b), rtol=1e-9, atol=1e-12)


@exercise("07-commute")
def commute(answer: tuple[Quadratic, Quadratic]) -> str | None:
    """Two quadratic losses ((H0, x0), (H1, x1)), not alike, commute everywhere; gradients are not 0 at θ = (1, 1)."""
    shapes = [tuple(np.shape(part) for part in batch) for batch in answer]
    if shapes != [((2, 2), (2,))] * 2:
        return f"give two pairs (Hessian with 2 rows and columns, minimiser with 2 numbers); got the shapes {shapes}."
    (H0, x0), (H1, x1) = (tuple(np.asarray(part, dtype=float) for part in batch) for batch in answer)
    hint = _not_allowed(H0, x0, H1, x1)
    if hint is not None:
        return hint
    if not np.allclose(H0 @ H1, H1 @ H0):
        here = H0 @ H1 @ (1 - x1) - H1 @ H0 @ (1 - x0)
        only = "at θ = (1, 1) your bracket vanishes, but move θ a little: " if np.allclose(here, 0) else ""
        return only + "H0 @ H1 differs from H1 @ H0. Which pairs of symmetric matrices commute?"
    if not np.allclose(H0 @ H1 @ (x0 - x1), 0):
        return "your Hessians commute, yet the bracket is a constant that is not 0: what does each step walk towards?"
    return None


def _not_allowed(H0: np.ndarray, x0: np.ndarray, H1: np.ndarray, x1: np.ndarray) -> str | None:
    """What makes an answer to 07-commute too easy, or not a pair of losses with a minimum."""
    theta = np.ones(2)
    for number, (H, x) in enumerate([(H0, x0), (H1, x1)]):
        if not np.allclose(H, H.T):
            return f"the Hessian of batch {number} is not symmetric, and every Hessian is."
        if np.linalg.eigvalsh(H).min() <= 1e-9:
            return f"the Hessian of batch {number} must have positive eigenvalues, so that its loss has one minimum."
        if np.allclose(H @ (theta - x), 0):
            return f"batch {number} has gradient 0 at θ = (1, 1): it does not move, which is too easy."
    if H0[0, 1] == 0 or H1[0, 1] == 0:
        return "a diagonal Hessian is case (b) of the notebook: find two that are not, and commute for the same reason."
    if abs(H0[0, 0] * H1 - H1[0, 0] * H0).max() <= 1e-9:
        return "one Hessian is a multiple of the other, which is too easy: let them differ in shape."
    return None


_corrected = lie_corrected(lambda params, batch: params, lr=0.1)


@exercise("07-cost")
def cost(answer: Callable[[int], float]) -> str | None:
    """`answer(w)` is what a Lie-corrected window of w batches costs, in evaluations of T."""
    mistakes: list[tuple[Callable[[int], float], str]] = [
        (lambda w: w, "that is what the window costs without any correction, forward or backward."),
        (lambda w: 3 * w - 1, "a Hessian-vector product counts as two evaluations, not as one."),
        (lambda w: 2 * w - 1, "those are the gradients; where are the Hessian-vector products?"),
        (lambda w: 2 * w, "those are the products alone; they need gradients, and so does the forward pass."),
        (lambda w: 4 * w, "one gradient is used twice: where does the forward pass take its first one?"),
        (lambda w: 3 * w, "the forward pass and the correction take their gradients at different states, all but one."),
        (lambda w: w * w, "a square counts pairs, but a product with a SUM of gradients serves many pairs at once."),
        (lambda w: 3 * w * (w - 1) + w, "a bracket for each pair is dearer: sums of gradients save most of it."),
    ]
    if not callable(answer):
        return f"give a function, such as `lambda w: ...`; got {type(answer).__name__}."
    widths = [2, 3, 5, 8, 13, 1]
    got, truth = [answer(w) for w in widths], [_corrected.cost(w) for w in widths]
    if any(value is None for value in got):
        return NOTHING
    if got == truth:
        return None
    for wrong, hint in mistakes:
        if got == [wrong(w) for w in widths]:
            return hint
    first = next(i for i, value in enumerate(got) if value != truth[i])
    side = "too much" if got[first] > truth[first] else "too little"
    return f"{got[first]} is {side} for w = {widths[first]}: list all gradients and products, then look for doubles."
