"""Pytrees of tensors: naming, checking, stacking and slicing their leaves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch.utils import _pytree as pytree

Tree = Any  # a tensor, or a dict, list or tuple of trees
State = dict[str, Tree]  # what the updates of this package act on
Named = dict[str, torch.Tensor]  # parameters or buffers of a module, by name
Key = int | str | None  # what the randomness of a batch is drawn from: its label, or its number
tree_map = pytree.tree_map
SHOWN = 200  # characters of what is no tensor, in a message


class Update(Protocol):
    """What the updates of this package have in common. `run` itself asks for the call only."""

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        """T(state, batch); what is random is drawn from `key`."""

    def init(self, params: Tree, buffers: Named | None = None) -> State:
        """The start state for some parameters (and the buffers of a module)."""

    def params(self, state: State) -> Tree:
        """The parameters inside a state."""

    def buffers(self, state: State) -> Named:
        """The buffers inside a state, by name."""


class Gathering:
    """Batch sequences that can have many batches at once."""

    def gather(self, numbers: Any) -> Tree | None:
        """The batches of some numbers (K,), an integer array, along a new leading axis; None if it cannot be done."""


def named_leaves(tree: Tree) -> list[tuple[str, Any]]:
    """Every leaf with the path a user would type to reach it, such as ['params']['0.weight']."""
    return [(pytree.keystr(path), leaf) for path, leaf in pytree.tree_flatten_with_path(tree)[0]]


def describe(tree: Tree) -> str:
    """Name, shape and dtype of every leaf, for error messages."""
    return ", ".join(f"{name or 'tensor'} {_kind(leaf)}" for name, leaf in named_leaves(tree)) or "nothing"


def _kind(leaf: Any) -> str:
    if not isinstance(leaf, torch.Tensor):
        return _short(leaf)
    return f"{tuple(leaf.shape)} {str(leaf.dtype).removeprefix('torch.')}"


def layout(tree: Tree) -> tuple[Any, list[tuple[torch.Size, torch.dtype] | None]]:
    """What must stay the same from step to step: structure, shapes and dtypes."""
    leaves, structure = pytree.tree_flatten(tree)
    return structure, [(leaf.shape, leaf.dtype) if isinstance(leaf, torch.Tensor) else None for leaf in leaves]


def check_tensors(name: str, tree: Tree) -> None:
    """Raise TypeError unless every leaf is a tensor; `name` is the argument that the message blames."""
    for path, leaf in named_leaves(tree):
        if not isinstance(leaf, torch.Tensor):
            raise TypeError(f"{name}{path}: got {_short(leaf)}, but it must be a tensor; use torch.as_tensor")


def _short(leaf: Any) -> str:
    """What is no tensor, in one line: an array may show pages of numbers."""
    said = " ".join(repr(leaf).split())
    return said if len(said) <= SHOWN else said[: SHOWN - 1] + "…"


def detach(tree: Tree) -> Tree:
    """The same tensors without their autograd history."""
    return _mapped(torch.Tensor.detach, tree)


def clone(tree: Tree) -> Tree:
    """Copies of all tensors, without their autograd history."""
    return _mapped(lambda leaf: leaf.detach().clone(), tree)


def copies(tree: Tree, count: int) -> Tree:
    """A stack of `count` copies of a tree of tensors."""
    return pytree.tree_map(lambda leaf: leaf.new_empty((count, *leaf.shape)).copy_(leaf), tree)


def row(stacked: Tree, index: Any) -> Tree:
    """Index the leading axis of every tensor; an index tensor may lie on another device."""
    if isinstance(index, torch.Tensor):
        return _mapped(lambda leaf: leaf[index.to(leaf.device)], stacked)
    return _mapped(lambda leaf: leaf[index], stacked)


def _mapped(function: Callable[[torch.Tensor], torch.Tensor], tree: Tree) -> Tree:
    """A function of every tensor of a tree; in every step, so without torch's slower walk of plain dicts and tuples."""
    if isinstance(tree, torch.Tensor):
        return function(tree)
    if type(tree) is dict:
        return {name: _mapped(function, part) for name, part in tree.items()}
    if type(tree) is tuple:
        return tuple([_mapped(function, part) for part in tree])
    return pytree.tree_map(lambda leaf: function(leaf) if isinstance(leaf, torch.Tensor) else leaf, tree)


def picked(examples: Tree, rows: torch.Tensor) -> Tree:
    """Rows of every tensor, given by an integer tensor of any shape: what `leaf[rows]` has, found faster."""
    if type(examples) is tuple:
        return tuple([picked(part, rows) for part in examples])
    if not isinstance(examples, torch.Tensor):
        return pytree.tree_map(lambda leaf: picked(leaf, rows), examples)
    if not examples.is_contiguous():
        return examples[rows]
    found = examples.index_select(0, rows if rows.ndim == 1 else rows.flatten())
    return found if rows.ndim == 1 else found.view(*rows.shape, *examples.shape[1:])


def stack(trees: list[Tree]) -> Tree:
    """Stack trees of one structure along a new leading axis; numbers become tensors."""

    def join(*leaves: Any) -> Any:
        if not isinstance(leaves[0], torch.Tensor | int | float):
            return leaves[0]  # only in what an optimizer remembers
        return torch.stack([torch.as_tensor(leaf) for leaf in leaves])

    return pytree.tree_map(join, *trees)


def concatenated(stacks: list[Tree]) -> Tree:
    """Stacks of trees of one structure as one, along their leading axes."""
    return pytree.tree_map(lambda *leaves: torch.cat(leaves), *stacks)


def finite_rows(stacked: Tree) -> torch.Tensor | None:
    """(rows,) bool: whether each row is finite in every floating-point leaf. None on the meta device."""
    tensors = [leaf for leaf in pytree.tree_leaves(stacked) if isinstance(leaf, torch.Tensor)]
    leaves = [leaf for leaf in tensors if leaf.is_floating_point() or leaf.is_complex()]
    if not leaves or any(leaf.is_meta for leaf in leaves):
        return None
    flags = [leaf.isfinite().flatten(1).all(1) for leaf in map(_at_least_2d, leaves)]
    if len({leaf.device for leaf in leaves}) > 1:  # torch's optimizers keep counts of steps on the CPU
        flags = [flag.cpu() for flag in flags]
    return torch.stack(flags).all(0).cpu()


def blank_rows(stacked: Tree, rows: torch.Tensor) -> Tree:
    """The stack with NaN (or 0, in integers) in the rows (rows,) bool, such as those that are not finite."""

    def blank(leaf: torch.Tensor) -> torch.Tensor:
        where = rows.to(leaf.device).reshape(-1, *[1] * (leaf.ndim - 1))
        return leaf.masked_fill(where, float("nan") if leaf.is_floating_point() else 0)

    return pytree.tree_map(blank, stacked)


def largest(tree: Tree) -> float:
    """The largest absolute value of all finite floating-point numbers; 0 where there is none."""
    leaves = [leaf for leaf in pytree.tree_leaves(tree) if isinstance(leaf, torch.Tensor) and leaf.is_floating_point()]
    return max([leaf.abs().nan_to_num(0, 0).max().item() for leaf in leaves if leaf.numel()], default=0.0)


def same_numbers(a: torch.Tensor, b: torch.Tensor) -> bool:
    """Whether two dense tensors hold the same numbers; NaN, which alone differs from itself, equals NaN here."""
    return a.shape == b.shape and bool(((a == b) | ((a != a) & (b != b))).all())


def _at_least_2d(leaf: torch.Tensor) -> torch.Tensor:
    return leaf[:, None] if leaf.ndim == 1 else leaf


def is_finite(tree: Tree) -> bool:
    """Whether every floating-point leaf is finite; also true on the meta device, where there is nothing to check."""
    leaves = pytree.tree_leaves(tree)
    if any(isinstance(leaf, torch.Tensor) and leaf.is_meta for leaf in leaves):
        return True
    return all(map(_is_finite, leaves))


def _is_finite(leaf: Any) -> bool:
    if isinstance(leaf, torch.Tensor):
        return not (leaf.is_floating_point() or leaf.is_complex()) or bool(leaf.isfinite().all())
    return not isinstance(leaf, float) or math.isfinite(leaf)
