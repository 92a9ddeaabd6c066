"""Forms: how batches are laid out and kept, and what the model returns.

A form turns (model, criterion, pairs) into (model, criterion, forward, batches). With `forward`, the criterion becomes
part of the model, so that what it owns is trained in the plain loop and in revorder alike.
"""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import revorder as ro

Pair = namedtuple("Pair", ["x", "y"])


class With(nn.Module):
    """A model and its criterion in one."""

    def __init__(self, model, criterion, says=lambda out: out):
        super().__init__()
        self.model, self.criterion, self.says = model, criterion, says

    def forward(self, inputs):
        return self.says(self.model(inputs))


@dataclass
class Answer:
    logits: torch.Tensor
    features: Any = None


@dataclass
class Example:
    x: Any
    y: torch.Tensor


class OnTheFly:
    """Batches that are made anew whenever they are asked for."""

    def __init__(self, pairs):
        self.pairs = pairs

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, number):
        x, y = self.pairs[number]
        return torch.utils._pytree.tree_map(lambda leaf: leaf + 0 if isinstance(leaf, torch.Tensor) else leaf, x), y + 0


def kept(keep):
    return lambda model, criterion, pairs: (model, criterion, None, keep(pairs))


def spelled(make, read, says=lambda out: out, hear=lambda out: out):
    """Batches made from pairs, which a `forward` reads; and what the model says and the loss hears."""

    def form(model, criterion, pairs):
        def forward(model, batch):
            x, y, scale = read(batch)
            return model.criterion(hear(model(x)), y) * scale

        batches = [make(x, y, 0.5 + 0.1 * (i % 4), f"batch {i}") for i, (x, y) in enumerate(pairs)]
        return With(model, criterion, says), None, forward, batches

    return form


def like_the_first(pairs):
    """Whether all batches are pairs of tensors of the same shapes."""
    return all(
        isinstance(x, torch.Tensor) and (x.shape, y.shape) == (pairs[0][0].shape, pairs[0][1].shape) for x, y in pairs
    )


def minibatches(pairs):
    """Minibatches, where that is possible."""
    if not like_the_first(pairs) or len(pairs[0][0]) != len(pairs[0][1]):
        return pairs
    examples = tuple(torch.cat(leaves) for leaves in zip(*pairs, strict=True))
    return ro.batches.Minibatches(examples, torch.arange(len(examples[0])).reshape(len(pairs), -1))


def loaded(pairs):
    """What a DataLoader gives, where that is possible: lists, the last of them smaller."""
    if not like_the_first(pairs) or len(pairs[0][0]) != len(pairs[0][1]):
        return pairs
    examples = [torch.cat(leaves)[:-1] for leaves in zip(*pairs, strict=True)]
    return list(DataLoader(TensorDataset(*examples), batch_size=len(pairs[0][0])))


FORMS = {
    "list of pairs": kept(list),
    "tuple of lists": kept(lambda pairs: tuple([x, y] for x, y in pairs)),
    "named tuples": kept(lambda pairs: [Pair(*pair) for pair in pairs]),
    "made on the fly": kept(OnTheFly),
    "Minibatches": kept(minibatches),
    "DataLoader's list": kept(loaded),
    "dicts": spelled(
        lambda x, y, scale, name: {"x": x, "y": y, "name": name}, lambda batch: (batch["x"], batch["y"], 1)
    ),
    "dicts with numbers": spelled(
        lambda x, y, scale, name: {"x": x, "y": y, "scale": scale},
        lambda batch: (batch["x"], batch["y"], batch["scale"]),
    ),
    "triples": spelled(lambda x, y, scale, name: (x, y, torch.tensor(scale)), lambda batch: batch),
    "dataclasses": spelled(lambda x, y, scale, name: Example(x, y), lambda batch: (batch.x, batch.y, 1)),
    "answers in a dict": spelled(
        lambda x, y, scale, name: (x, y), lambda batch: (*batch, 1), lambda out: {"logits": out}, lambda a: a["logits"]
    ),
    "answers in a dataclass": spelled(
        lambda x, y, scale, name: (x, y), lambda batch: (*batch, 1), Answer, lambda answer: answer.logits
    ),
}
DOUBTFUL_FORMS = {"dataclasses"}
