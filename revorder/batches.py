"""Batch sequences: which examples make up batch i (the data order, as opposed to the composition order).

Each function returns an int64 CPU tensor (steps, batch_size): row i lists the examples of batch i, whatever `steps` is.
An epoch has n_examples // batch_size batches, all equally large: examples left over at its end are dropped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.errors import check_room, whole
from revorder.once import cached_property
from revorder.pytrees import Gathering, Tree, named_leaves, picked, stack
from revorder.showing import Facts, Shown, shapes

__all__ = ["Minibatches", "Windows", "flipflop", "iid", "incremental", "labels", "reshuffle", "shuffle_once"]


def __dir__() -> list[str]:
    return sorted(__all__)


def iid(n_examples: int, batch_size: int, steps: int, seed: int = 0) -> torch.Tensor:
    """Every example drawn uniformly and independently, with replacement. Returns (steps, batch_size) int64.

    Args:
        n_examples: size of the data set.
        batch_size: examples in a batch, at most n_examples.
        steps: how many batches.
        seed: of all draws.

    >>> torch.equal(iid(100, 2, steps=3), iid(100, 2, steps=5)[:3])
    True
    """
    _check(n_examples, batch_size, steps, seed)
    return torch.from_numpy(np.random.default_rng(seed).integers(n_examples, size=(steps, batch_size)))


def reshuffle(n_examples: int, batch_size: int, steps: int, seed: int = 0) -> torch.Tensor:
    """A fresh permutation of the examples in every epoch. Returns (steps, batch_size) int64.

    Args: as for `iid`.

    >>> reshuffle(4, 2, steps=2).flatten().sort().values  # an epoch has every example once
    tensor([0, 1, 2, 3])
    """
    return _epochs(n_examples, batch_size, steps, seed, lambda epoch: (epoch, False))


def shuffle_once(n_examples: int, batch_size: int, steps: int, seed: int = 0) -> torch.Tensor:
    """One permutation, drawn once and repeated in every epoch. Returns (steps, batch_size) int64.

    Args: as for `iid`.

    >>> index = shuffle_once(6, 2, steps=6)
    >>> torch.equal(index[3:], index[:3])
    True
    """
    return _epochs(n_examples, batch_size, steps, seed, lambda epoch: (0, False))


def flipflop(n_examples: int, batch_size: int, steps: int, seed: int = 0) -> torch.Tensor:
    """Every second epoch runs through the previous epoch's batches in reverse. Returns (steps, batch_size) int64.

    Two epochs form a palindrome of batches: forward and backward agree exactly after the first two. Later they only
    have the same law, at even numbers of whole epochs.

    Args: as for `iid`.

    >>> index = flipflop(6, 2, steps=6)
    >>> torch.equal(index[3:], index[:3].flip(0))
    True
    """
    return _epochs(n_examples, batch_size, steps, seed, lambda epoch: (epoch - epoch % 2, epoch % 2 == 1))


def incremental(n_examples: int, batch_size: int, steps: int, seed: int = 0) -> torch.Tensor:
    """The examples in their given order in every epoch; `seed` has no effect. Returns (steps, batch_size) int64.

    Args: as for `iid`.

    >>> incremental(4, 2, steps=3).tolist()
    [[0, 1], [2, 3], [0, 1]]
    """
    _check(n_examples, batch_size, steps, seed)
    per_epoch = n_examples // batch_size
    return (torch.arange(steps) % per_epoch * batch_size)[:, None] + torch.arange(batch_size)


def _epochs(
    n_examples: int, batch_size: int, steps: int, seed: int, source: Callable[[int], tuple[int, bool]]
) -> torch.Tensor:
    """Stack epochs; `source(epoch)` names the permutation an epoch uses, and whether its batches run in reverse."""
    _check(n_examples, batch_size, steps, seed)
    per_epoch, epochs = n_examples // batch_size, []
    for epoch in range(-(-steps // per_epoch)):
        drawn_at, reverse = source(epoch)
        permutation = np.random.default_rng([seed, drawn_at]).permutation(n_examples)
        rows = permutation[: per_epoch * batch_size].reshape(per_epoch, batch_size)
        epochs.append(rows[::-1] if reverse else rows)
    return torch.from_numpy(np.concatenate(epochs)[:steps])


def _check(n_examples: int, batch_size: int, steps: int, seed: int) -> None:
    for name, value in (("n_examples", n_examples), ("batch_size", batch_size), ("steps", steps)):
        whole(name, value, 1)
    whole("seed", seed, 0)
    if batch_size > n_examples:
        raise ValueError(f"batch_size: got {batch_size}, but there are only {n_examples} examples")
    check_room("steps, batch_size", f"{steps:,} batches of {batch_size:,}", 8 * max(steps * batch_size, n_examples))


def labels(index: torch.Tensor) -> list[int]:
    """Give equal rows of a (steps, batch_size) index tensor the same label, so that cyclic sequences share work.

    >>> labels(torch.tensor([[0, 1], [2, 3], [0, 1]]))
    [0, 1, 0]
    """
    first_seen: dict[tuple[int, ...], int] = {}
    return [first_seen.setdefault(tuple(row), number) for number, row in enumerate(index.tolist())]


class Minibatches(Shown, Gathering):
    """The batches of a data set under an index tensor: `batches[i]` gathers the examples of row i.

    Args:
        data: pytree of tensors with a leading example axis, all on one device, such as (x, y).
        index: integer tensor (steps, batch_size), as the functions of this module return.
        prepare: `prepare(batch) -> batch` of every batch, such as `ro.images.Normalise`; torch operations only,
            nothing random (see `revorder.augmented`).

    Raises:
        TypeError: `index` is not a two-dimensional integer tensor, or `prepare` not a function.
        ValueError: tensors of different length or device, or an index outside them.
    """

    def __init__(self, data: object, index: torch.Tensor, prepare: Callable[[Any], Any] | None = None):
        leaves, self.structure = pytree.tree_flatten(data)
        if not isinstance(index, torch.Tensor) or index.ndim != 2 or index.dtype not in (torch.int32, torch.int64):
            raise TypeError("index: must be an integer tensor of shape (steps, batch_size)")
        if prepare is not None and not callable(prepare):
            raise TypeError(f"prepare: got {prepare!r}, but it must be a function of a batch")
        if len({(len(leaf), leaf.device) for leaf in leaves}) != 1:
            sizes = ", ".join(f"{tuple(leaf.shape)} on {leaf.device}" for leaf in leaves)
            raise ValueError(f"data: got leaves {sizes}, but all need the same number of examples and device")
        low, high = (int(bound) for bound in index.aminmax())
        if low < 0 or high >= len(leaves[0]):
            raise ValueError(f"index: got {low} to {high}, but data has {len(leaves[0])} examples, from 0")
        self.data, self.leaves, self.prepare = data, leaves, prepare
        self.index = index.to(leaves[0].device)

    def _facts(self) -> Facts:
        batches = f"{len(self):,} of {self.index.shape[1]:,} examples each, of {len(self.leaves[0]):,}"
        return {"batches": batches, "example": shapes(named_leaves(self.data), lead=1), "prepare": self.prepare}

    @cached_property
    def digest(self) -> str | None:
        """A fingerprint of which examples are in which batch; None on the meta device."""
        index = None if self.index.is_meta else self.index.cpu().numpy().astype("<i8").tobytes()
        return None if index is None else hashlib.blake2b(index, digest_size=8).hexdigest()

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, number: int) -> object:
        batch = picked(self.data, self.index[number])
        return batch if self.prepare is None else self.prepare(batch)

    def gather(self, numbers: np.ndarray) -> Tree | None:
        """Batches `numbers` (K,) in one: every leaf (K, batch_size, ...). None where there is a `prepare`."""
        return picked(self.data, self.index[numbers]) if self.prepare is None else None


class Windows:
    """Batches in groups: `windows[i]` stacks the batches i·width … (i+1)·width - 1, oldest first.

    Args:
        batches: any batch sequence; what is left over at its end is dropped.
        width: batches in a window, from 1 to len(batches).
    """

    def __init__(self, batches: Any, width: int):
        whole("width", width, 1)
        if width > len(batches):
            raise ValueError(f"width: got {width}, but there are only {len(batches)} batches")
        self.batches, self.width = batches, width

    def __len__(self) -> int:
        return len(self.batches) // self.width

    def __getitem__(self, number: int) -> object:
        if not 0 <= number < len(self):
            raise IndexError(f"number: got {number}, but the windows are 0 to {len(self) - 1}")
        return stack([self.batches[number * self.width + i] for i in range(self.width)])
