"""Losses in the plane for figures of brackets: bowls with axes of their own, steps on them, and gaps of two orders."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import numpy as np
import torch

from revorder.live.paths import Map, path

KINDS = ("quadratic", "log cosh")
CURVATURES = torch.tensor([2.0, 0.4], dtype=torch.float64)  # at the minimiser, along both axes
RATES = [0.8 / 2**k for k in range(7)]  # learning rates at which figures compare sizes
ROUNDING = 1e-13  # shorter vectors count as 0

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def bowl_loss(kind: str) -> Loss:
    """The loss of a batch (x, y, angle): Σ_k s_k φ(u_k·(θ - (x, y))), with φ(r) = r²/2 or 4 log cosh(r/2).

    u_0 has this angle, in radians, and u_1 is orthogonal to it. log cosh is like r²/2 near 0 and like 2|r| far away: it
    has derivatives of every order.
    """

    def loss(theta: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
        away, cos, sin = theta - batch[:2], torch.cos(batch[2]), torch.sin(batch[2])
        along = torch.stack([cos * away[0] + sin * away[1], cos * away[1] - sin * away[0]])
        values = along**2 / 2 if kind == "quadratic" else 4 * torch.log(torch.cosh(along / 2))
        return (CURVATURES * values).sum()

    return loss


def descent(loss: Loss, lr: float) -> Map:
    """One step of SGD."""
    slope = torch.func.grad(loss)
    return lambda theta, batch: theta - lr * slope(theta, batch)


def both_ways(loss: Loss, start: torch.Tensor, batches: torch.Tensor, lr: float) -> dict[str, np.ndarray]:
    """forward, backward: (w + 1, 2), the start and the states after every batch, by `revorder.run`."""
    step = descent(loss, lr)
    words = {"forward": batches, "backward": batches.flip(0)}
    return {order: path(step, start, each, "forward", engine="replay") for order, each in words.items()}


def gaps(
    loss: Loss, start: torch.Tensor, batches: torch.Tensor, lr: float, predicted: np.ndarray
) -> dict[str, np.ndarray]:
    """gaps: (8,), lengths of backward minus forward at lr and at RATES; missed: (8,), of it minus h² · predicted."""
    rates = torch.tensor([[lr], *([h] for h in RATES)], dtype=start.dtype)
    slope = torch.vmap(torch.func.grad(loss), (0, None))

    def end(words: torch.Tensor) -> np.ndarray:
        at_all_rates = start.expand(len(rates), 2)
        return np.asarray(reduce(lambda theta, batch: theta - rates * slope(theta, batch), words, at_all_rates))

    gap = end(batches.flip(0)) - end(batches)
    return {"gaps": _lengths(gap), "missed": _lengths(gap - rates.numpy() ** 2 * predicted)}


def _lengths(vectors: np.ndarray) -> np.ndarray:
    found = np.linalg.norm(vectors, axis=1)
    return np.where(found < ROUNDING, 0.0, found)
