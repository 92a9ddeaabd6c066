"""Seeds that run together: an update of one state over the states of all seeds, and their batches as one sequence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.batches import Minibatches
from revorder.engines.drawing import Lookout
from revorder.pytrees import Gathering, Tree, picked, row, stack


@dataclass(frozen=True)
class OverSeeds:
    """An update of one state as one of the states of all seeds."""

    update: Callable[..., Tree]

    def __call__(self, states: Tree, batch: Tree) -> Tree:
        return torch.vmap(lambda state, own: self.update(state, own))(states, batch)

    @property
    def of_one_seed(self) -> Callable[..., Tree]:
        """The update of one state, for engines that can let the seeds take turns."""
        return self.update

    def plain_step(self, states: Tree, batch: Tree) -> Tree:
        """What an audit holds a step to: the same, with some seeds' states by the update alone."""
        after = pytree.tree_map(torch.clone, self(states, batch))
        seeds = len(pytree.tree_leaves(states)[0])
        for seed in {0, seeds // 2, seeds - 1}:
            alone = pytree.tree_leaves(self.update(row(states, seed), row(batch, seed)))
            for leaf, own in zip(pytree.tree_leaves(after), alone, strict=True):
                leaf[seed] = own.detach()
        return after

    def try_one(self, starts: Tree, batches: Together) -> None:
        """Raise ValueError if the update draws at random."""
        watch = Lookout().watch()
        try:
            self.update(row(starts, 0), row(batches[0], 0))
        except Exception:
            return  # the run says what is wrong
        if watch.moved() or not getattr(self.update, "keyless", True):
            raise ValueError("update: it draws at random, and all seeds would draw the same; run the seeds one by one")


class Together(Gathering):
    """Batch sequences of many seeds as one: its batch i stacks batch i of every seed."""

    def __init__(self, batches: Any):
        if not hasattr(batches, "__len__") or not len(batches):
            raise ValueError("batches: got none, but there must be one batch sequence for each seed")
        if not hasattr(batches[0], "__len__") or (isinstance(batches[0], torch.Tensor) and not batches[0].ndim):
            raise ValueError(
                "batches: got one sequence of batches, but there must be one for each seed: a list of sequences, or a "
                "tensor (seeds, steps, ...); use ro.run, or batches[None] for one seed"
            )
        lengths = {len(each) for each in batches}
        if len(lengths) > 1:
            raise ValueError(f"batches: got sequences of lengths {sorted(lengths)}, but all seeds need the same")
        self.batches = batches
        self.seeds, self.length = len(batches), lengths.pop()
        self.index: torch.Tensor | None = None
        if not isinstance(batches, torch.Tensor) and all(isinstance(each, torch.Tensor) for each in batches):
            self.batches = torch.stack(list(batches))  # once, and not at every step
        elif all(_alike(each, batches[0]) for each in batches):
            self.index = torch.stack([each.index for each in batches], dim=1)  # one gather for all seeds
            self.data, self.prepare = batches[0].data, batches[0].prepare

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, number: int) -> Tree:
        if self.index is not None:
            gathered = picked(self.data, self.index[number])
            return gathered if self.prepare is None else torch.vmap(self.prepare)(gathered)
        if isinstance(self.batches, torch.Tensor):
            return self.batches[:, number]
        return stack([each[number] for each in self.batches])

    def gather(self, numbers: np.ndarray) -> Tree | None:
        """Batches `numbers` (K,), every leaf (K, seeds, batch_size, ...); None unless one gather has them all."""
        if isinstance(self.batches, torch.Tensor):
            return self.batches[:, numbers].transpose(0, 1)
        if self.index is None or self.prepare is not None:
            return None
        return picked(self.data, self.index[numbers])


def _alike(one: Any, other: Any) -> bool:
    """Whether two are nothing but rows of equal examples; a class of one's own may hand out others."""
    if not type(one) is type(other) is Minibatches:
        return False
    same = len(one.leaves) == len(other.leaves) and one.structure == other.structure
    same = same and one.prepare == other.prepare
    return same and all(a is b or _same(a, b) for a, b in zip(one.leaves, other.leaves, strict=True))


def _same(one: Any, other: Any) -> bool:
    """Whether two are tensors of the same numbers, as data loaded once for each seed are."""
    kinds = [(type(each), each.dtype, each.device, each.layout) for each in (one, other)]
    return kinds[0] == kinds[1] and not one.is_meta and one.layout is torch.strided and torch.equal(one, other)
