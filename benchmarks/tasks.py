"""Training tasks: a model, its data and its batches, the same for every method that is compared."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.updates.descent import SGD

FASHION = Path("/usr/share/datasets/fashion-mnist")  # where Debian's package dataset-fashion-mnist puts it


@dataclass(frozen=True, eq=False)
class Task:
    """SGD with a constant learning rate; `batches[i]` is batch i, `labels` say which batches are the same."""

    name: str
    model: torch.nn.Module
    criterion: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    lr: float
    batches: ro.batches.Minibatches
    labels: list[int] | None = None

    def gathered(self, dtype: torch.dtype | None = None) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """All batches, gathered beforehand."""
        pairs = [self.batches[i] for i in range(len(self.batches))]
        return [tuple(t.to(dtype) if dtype and t.is_floating_point() else t for t in pair) for pair in pairs]

    def update(self) -> SGD:
        """A fresh update, for which nothing has been traced or compiled yet."""
        return ro.sgd(ro.module_loss(self.model, self.criterion)[0], self.lr)


def digits(steps: int, period: int | None = None) -> Task:
    """The MLP 64-32-10 of the course on the digits; with a period, its first batches over and over."""
    problem = ro.problems.digits_mlp(lr=0.1, batch_size=8, steps=period or steps)
    loss = problem.update.loss
    if period is None:
        return Task("digits", loss.model, cross_entropy, 0.1, problem.batches)
    labels = [i % period for i in range(steps)]
    batches = ro.batches.Minibatches(problem.batches.data, problem.batches.index[labels])
    return Task("digits", loss.model, cross_entropy, 0.1, batches, labels)


def fashion(steps: int) -> Task:
    """The MLP 784-128-10 on Fashion-MNIST, or on noise of its shape where it is not installed."""
    if os.environ.get("REVORDER_DATA") or FASHION.is_dir():
        name, data = "Fashion-MNIST", ro.datasets.fashion_mnist(os.environ.get("REVORDER_DATA") or FASHION).train
    else:
        generator = torch.Generator().manual_seed(0)
        name = "synthetic data of the shape of Fashion-MNIST"
        data = (torch.rand(6000, 1, 28, 28, generator=generator), torch.randint(10, (6000,), generator=generator))
    index = ro.batches.reshuffle(len(data[0]), 8, steps)
    return Task(name, ro.models.mlp(784, 128, 10), cross_entropy, 0.05, ro.batches.Minibatches(data, index))


def cnn(steps: int) -> Task:
    """The small convolutional network with BatchNorm on the digits."""
    data = ro.datasets.digits().train
    index = ro.batches.reshuffle(len(data[0]), 8, steps)
    return Task("digits", ro.models.small_cnn(), cross_entropy, 0.05, ro.batches.Minibatches(data, index))


def half_square(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The square loss of a linear model with one output."""
    return 0.5 * (outputs.squeeze(-1) - targets).square().mean()


def whitened(steps: int) -> Task:
    """Linear regression on uncorrelated features of the diabetes data: contracts quickly in every direction."""
    inputs, targets = ro.datasets.diabetes().train
    left, _, _ = torch.linalg.svd(inputs - inputs.mean(0), full_matrices=False)
    task = diabetes(1)
    index = ro.batches.reshuffle(len(inputs), 32, steps)
    batches = ro.batches.Minibatches((left * len(inputs) ** 0.5, targets), index)
    return Task("diabetes, whitened", task.model, half_square, 0.1, batches)


def diabetes(steps: int) -> Task:
    """Linear regression with 10 weights and a bias on the diabetes data, in float64."""
    data = ro.datasets.diabetes().train
    model = torch.nn.Linear(10, 1, dtype=torch.float64)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    index = ro.batches.reshuffle(len(data[0]), 8, steps)
    return Task("diabetes", model, half_square, 0.05, ro.batches.Minibatches(data, index))


def reference(task: Task, steps: list[int]) -> dict[int, np.ndarray]:
    """Step -> state in backward order, by `torch.optim.SGD` in float64: batch n-1 first, batch 0 last."""
    batches = task.gathered(torch.float64)
    return {n: train(task, copy.deepcopy(task.model).double(), batches[:n]) for n in steps}


def train(task: Task, model: torch.nn.Module, batches: list[tuple[torch.Tensor, torch.Tensor]]) -> np.ndarray:
    """The state after `torch.optim.SGD` on the last batch first, batch 0 last; `model` is changed."""
    optimizer = torch.optim.SGD(model.parameters(), task.lr)
    for inputs, targets in reversed(batches):
        optimizer.zero_grad()
        task.criterion(model(inputs), targets).backward()
        optimizer.step()
    return numbers_of(model)


def numbers_of(model: torch.nn.Module) -> np.ndarray:
    """Parameters and floating-point buffers as one vector."""
    held = [*model.parameters(), *(buffer for buffer in model.buffers() if buffer.is_floating_point())]
    return torch.cat([leaf.detach().flatten() for leaf in held]).numpy().copy()
