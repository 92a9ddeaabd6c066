"""What the methods of a comparison at an equal budget are tried on: coin tosses, and a perceptron on digits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from revorder import batches, models
from revorder.data import datasets
from revorder.pytrees import Tree
from revorder.updates.modules import module_loss


@dataclass(frozen=True, eq=False)
class Setting:
    """What every method is tried on.

    Attributes:
        loss: as for `revorder.sgd`.
        lr: the learning rate h that methods start from.
        start: seed -> initial parameters.
        batches: (seed, steps, factor) -> so many batches that are `factor` times as large as the small ones.
        metrics: name -> function of the parameters, written with torch operations, that returns a number.
    """

    loss: Callable[..., torch.Tensor]
    lr: float
    start: Callable[[int], Tree]
    batches: Callable[[int, int, int], Any]
    metrics: Mapping[str, Callable[[Tree], torch.Tensor]]


def coins(lr: float = 0.1, start: float = 0.0) -> Setting:
    """One number: loss ½(θ - x)² with x the mean of a batch of fair coin tosses in {0, 1}; a small batch is one toss.

    The metric "theta" is θ itself. The minimiser of the mean loss is ½.
    """

    def tosses(seed: int, steps: int, factor: int) -> torch.Tensor:
        drawn = np.random.default_rng(seed).integers(2, size=(steps, factor))
        return torch.from_numpy(drawn).double().mean(1)

    first = torch.tensor(start, dtype=torch.float64)
    return Setting(lambda theta, x: 0.5 * (theta - x) ** 2, lr, lambda seed: first, tosses, {"theta": lambda p: p})


def digits(lr: float = 0.1, batch_size: int = 8, hidden: int = 32, images: slice = slice(None)) -> Setting:
    """The MLP 64-`hidden`-10 on scikit-learn's digits, reshuffled in every epoch, in float64.

    A seed is that of the initial parameters and of the batches. The metric is "test loss" (nats).

    Args:
        lr, batch_size, hidden: as for `revorder.problems.digits_mlp`.
        images: those of the 397 test images that the loss is taken on. What chooses something should not be what
            compares: give them two parts.
    """
    data = datasets.digits(dtype=torch.float64)

    def made(seed: int) -> Any:
        return module_loss(models.mlp(64, hidden, 10, seed=seed).double(), cross_entropy)

    def minibatches(seed: int, steps: int, factor: int) -> batches.Minibatches:
        index = batches.reshuffle(len(data.train[0]), factor * batch_size, steps, seed)
        return batches.Minibatches(data.train, index)

    loss, _ = made(0)
    test = (data.test[0][images], data.test[1][images])
    metrics = {"test loss": lambda params: loss(params, test)}
    return Setting(loss, lr, lambda seed: made(seed)[1], minibatches, metrics)
