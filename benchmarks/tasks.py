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
    momentum: float = 0.0

    @property
    def convolves(self) -> bool:
        """Whether its inputs are images to the model."""
        return any(isinstance(part, torch.nn.Conv2d) for part in self.model.modules())

    def gathered(self, dtype: torch.dtype | None = None) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """All batches, gathered beforehand."""
        pairs = [self.batches[i] for i in range(len(self.batches))]
        return [tuple(t.to(dtype) if dtype and t.is_floating_point() else t for t in pair) for pair in pairs]

    def update(self) -> SGD:
        """A fresh update, for which nothing has been traced or compiled yet."""
        return ro.sgd(ro.module_loss(self.model, self.criterion)[0], self.lr, self.momentum)


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


def perceptron(
    *sizes: int,
    steps: int,
    batch_size: int = 8,
    lr: float = 0.1,
    momentum: float = 0.0,
    activation: Callable[[], torch.nn.Module] = torch.nn.ReLU,
) -> Task:
    """An MLP of any depth on the digits."""
    data = ro.datasets.digits().train
    batches = ro.batches.Minibatches(data, ro.batches.reshuffle(len(data[0]), batch_size, steps))
    return Task("digits", ro.models.mlp(*sizes, activation=activation), cross_entropy, lr, batches, None, momentum)


def many_digits(seeds: int, steps: int) -> list[Task]:
    """The MLP of the course with several seeds, each with a start and batches of its own."""
    problems = [ro.problems.digits_mlp(0.1, 8, steps, seed=seed) for seed in range(seeds)]
    return [Task("digits", each.update.loss.model, cross_entropy, 0.1, each.batches) for each in problems]


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
    return _regression("diabetes", ro.datasets.diabetes().train, 0.05, steps)


def gaussian(features: int, steps: int) -> Task:
    """Linear regression on independent normal features, with noise in the targets, in float64."""
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(2000, features, generator=generator, dtype=torch.float64)
    noise = torch.randn(2000, generator=generator, dtype=torch.float64)
    weight = torch.randn(features, generator=generator, dtype=torch.float64) / features**0.5
    # a step subtracts lr / 8 times the inputs' Gram matrix, whose largest eigenvalue is about `features`
    return _regression("normal features", (inputs, inputs @ weight + noise), min(0.01, 4 / features), steps)


def _regression(name: str, data: tuple[torch.Tensor, torch.Tensor], lr: float, steps: int) -> Task:
    model = torch.nn.Linear(data[0].shape[1], 1, dtype=torch.float64)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    index = ro.batches.reshuffle(len(data[0]), 8, steps)
    return Task(name, model, half_square, lr, ro.batches.Minibatches(data, index))


def reference(task: Task, steps: list[int]) -> dict[int, np.ndarray]:
    """Step -> state in backward order, by `torch.optim.SGD` in float64: batch n-1 first, batch 0 last."""
    batches = task.gathered(torch.float64)
    return {n: train(task, copy.deepcopy(task.model).double(), batches[:n]) for n in steps}


def train(task: Task, model: torch.nn.Module, batches: list[tuple[torch.Tensor, torch.Tensor]]) -> np.ndarray:
    """The state after `torch.optim.SGD` on the last batch first, batch 0 last; `model` is changed."""
    optimizer = torch.optim.SGD(model.parameters(), task.lr, task.momentum)
    for inputs, targets in reversed(batches):
        optimizer.zero_grad()
        task.criterion(model(inputs), targets).backward()
        optimizer.step()
    return numbers_of(model)


def numbers_of(model: torch.nn.Module) -> np.ndarray:
    """Parameters and floating-point buffers as one vector."""
    held = [*model.parameters(), *(buffer for buffer in model.buffers() if buffer.is_floating_point())]
    return torch.cat([leaf.detach().flatten() for leaf in held]).numpy(force=True).copy()
