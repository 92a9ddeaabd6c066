"""The family of cases that every engine is held to: orders × problems, and the literal definition as the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils import _pytree as pytree

import revorder as ro

ORDERS = [
    ro.Forward(),
    ro.Backward(),
    ro.BackwardWindow(3),
    ro.BackwardTail(4),
    ro.BackwardBlocks(3),
    ro.TwoSided(),
    ro.Shuffled(seed=5),
]
STEPS = 9
CHECKPOINTS = [5, 2, STEPS, 5, 1, 7]  # not sorted, and one of them twice


@dataclass
class Case:
    update: Any
    start: Any
    batches: Any


def plain() -> Case:
    batches = torch.rand(STEPS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return Case(lambda x, b: x - 0.3 * (x - b) ** 3, torch.tensor(2.0, dtype=torch.float64), batches)


def images(side: int = 8, examples: int = 48, batch_size: int = 6) -> ro.batches.Minibatches:
    generator = torch.Generator().manual_seed(2)
    inputs = torch.randn(examples, 1, side, side, generator=generator, dtype=torch.float64)
    targets = torch.randint(0, 10, (examples,), generator=generator)
    return ro.batches.Minibatches((inputs, targets), ro.batches.iid(examples, batch_size, STEPS, seed=3))


def network(model: nn.Module, make_update=lambda loss: ro.sgd(loss, 0.1)) -> Case:
    loss, params = ro.module_loss(model.double(), cross_entropy, seed=4)
    update = make_update(loss)
    return Case(update, update.init(params), images())


def jitter(batch, generator):
    inputs, targets = batch
    noise = torch.randn(inputs.shape, generator=generator, dtype=inputs.dtype, device=generator.device)
    return inputs + 0.1 * noise, targets


CASES = {
    "plain tensor": plain,
    "MLP": lambda: network(ro.models.mlp(64, 12, 10)),
    "CNN with BatchNorm": lambda: network(ro.models.small_cnn(width=3)),
    "dropout": lambda: network(ro.models.mlp(64, 12, 10, dropout=0.4)),
    "augmentation": lambda: network(
        ro.models.mlp(64, 12, 10), lambda loss: ro.augmented(ro.sgd(loss, 0.1), jitter, seed=6)
    ),
    "momentum": lambda: network(
        ro.models.mlp(64, 12, 10), lambda loss: ro.sgd(loss, 0.05, momentum=0.9, nesterov=True, weight_decay=1e-3)
    ),
    "Adam": lambda: network(ro.models.mlp(64, 12, 10), lambda loss: ro.adam(loss, 0.01)),
    "AdamW, CNN with dropout": lambda: network(
        ro.models.small_cnn(width=3, dropout=0.4), lambda loss: ro.adam(loss, 0.01, weight_decay=0.1, decoupled=True)
    ),
}


def long(name: str, steps: int) -> Case:
    """A case with many more batches, so that tracing or measuring pays."""
    case = CASES[name]()
    if name == "plain tensor":
        case.batches = torch.rand(steps, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    else:
        case.batches = ro.batches.Minibatches(case.batches.data, ro.batches.iid(48, 6, steps, seed=3))
    return case


def run(case: Case, order, checkpoints=CHECKPOINTS, **options) -> ro.Trajectory:
    return ro.run(case.update, case.start, case.batches, order, checkpoints, **{"progress": False} | options)


def spelled(order, checkpoints, labels=None) -> list[tuple]:
    """The word of each checkpoint in labels, which are the numbers of the batches if none are given."""
    return [tuple(i if labels is None else labels[i] for i in order.word(n)) for n in checkpoints]


def beginnings(words) -> set[tuple]:
    """The different beginnings of the words: a plan evaluates the update once for each."""
    return {word[:k] for word in words for k in range(1, len(word) + 1)}


def literally(case: Case, word: tuple[int, ...], keys=None):
    """T_{word[-1]}∘…∘T_{word[0]}(start), by the definition and nothing else."""
    state = case.start
    for number in word:
        key = number if keys is None else keys[number]
        try:
            state = case.update(state, case.batches[number], key=key)
        except TypeError:
            state = case.update(state, case.batches[number])
    return state


def distance(a, b) -> float:
    """The largest absolute difference between two pytrees."""
    leaves = zip(pytree.tree_leaves(a), pytree.tree_leaves(b), strict=True)
    return max((x.double() - y.double()).abs().max().item() for x, y in leaves)


def same_bits(a, b) -> bool:
    return all(torch.equal(x, y) for x, y in zip(pytree.tree_leaves(a), pytree.tree_leaves(b), strict=True))
