"""Augmentation as part of an update: T_i changes batch i first, by draws that belong to the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import Key, Named, State, Tree, Update
from revorder.showing import ShownByFields
from revorder.updates.randomness import generator, seeded


@dataclass(frozen=True, repr=False)
class Augmented(ShownByFields):
    """See `augmented`. Wraps an update; everything else is the wrapped update's."""

    update: Update
    transform: Callable[[Tree, torch.Generator], Tree]
    seed: int = 0
    keyless = False

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        return self.update(state, self._augmented(batch, key), key)

    def _augmented(self, batch: Tree, key: Key) -> Tree:
        device = pytree.tree_leaves(batch)[0].device
        with seeded(self.seed, ("batch", key)):  # for what a transform draws elsewhere
            return self.transform(batch, generator(self.seed, key, device))

    def examine(self, state: State, batches: Sequence[Tree], keys: Sequence[Key]) -> None:
        """As the wrapped update examines itself, on augmented batches."""
        examine = getattr(self.update, "examine", None)
        if examine is not None:
            examine(state, [self._augmented(*one) for one in zip(batches, keys, strict=True)], keys)

    def init(self, params: Tree, buffers: Named | None = None) -> State:
        return self.update.init(params, buffers)

    def params(self, state: State) -> Tree:
        return self.update.params(state)

    def buffers(self, state: State) -> Named:
        return self.update.buffers(state)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "update":  # asked for while unpickling
            raise AttributeError(name)
        return getattr(self.update, name)


def augmented(update: Update, transform: Callable[[Tree, torch.Generator], Tree], seed: int = 0) -> Augmented:
    """An update whose batches are augmented first, by draws that belong to the batch.

    Args:
        update: any update with the three arguments (state, batch, key).
        transform: `transform(batch, generator) -> batch`; every random number in it is drawn with
            `generator=generator`, on `generator.device`. The generator is made of `seed` and the batch's key, so a
            batch is augmented in the same way wherever it stands in a word. What it draws from the global generators
            of torch, NumPy and Python is made of them as well.

    Returns:
        An update with the `init`, `params` and `buffers` of the wrapped one.

    >>> from revorder import sgd
    >>> noisy = augmented(sgd(lambda theta, x: (theta - x) ** 2, 0.5), lambda x, g: x + torch.randn((), generator=g))
    >>> first, again = (noisy(noisy.init(torch.tensor(0.0)), torch.tensor(1.0), key=7) for _ in range(2))
    >>> bool(first["params"] == again["params"])
    True
    """
    return Augmented(update, transform, seed)
