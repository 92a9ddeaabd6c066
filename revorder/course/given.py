"""Inputs of the assignments that are made anew for every call: small networks, and batches of handwritten digits."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch

from revorder.data.datasets import digits
from revorder.models.small import mlp

__all__ = ["affine", "examples", "network"]


def affine(state: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
    """An update of states of shape (d,): a batch is a matrix and a last column, of shape (d, d + 1)."""
    return batch[:, :-1] @ state + batch[:, -1]


def network(seed: int, hidden: int) -> torch.nn.Module:
    """An MLP for the digits, 64-`hidden`-10 with tanh, in float64."""
    return mlp(64, hidden, 10, activation=torch.nn.Tanh, seed=seed).double()


def examples(numbers: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Images (n, 1, 8, 8) and labels (n,) of these training examples of scikit-learn's digits."""
    images, labels = _train()
    return images[list(numbers)], labels[list(numbers)]


@cache
def _train() -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = digits(dtype=torch.float64).train
    return images, labels
