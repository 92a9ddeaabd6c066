"""Purity: what an update must leave alone, and copies of it that have not seen anything yet."""

from __future__ import annotations

import copy
import dataclasses
import types
from typing import Any

import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import Tree, clone


class Untouched:
    """Remembers the inputs of one call, and finds what the call changed in place.

    At every call: the objects, and torch's count of changes of every tensor. With `values` (a copy) also what changes
    without being counted, by way of `.data`, NumPy or a fused optimizer.
    """

    def __init__(self, state: Tree, batch: Tree, values: bool = False):
        self.trees = {"state": state, "batch": batch}
        self.seen = {name: _signature(tree) for name, tree in self.trees.items()}
        self.values = clone(self.trees) if values else None

    def check(self) -> None:
        """Raise ValueError if something changed."""
        for name, tree in self.trees.items():
            changed = _signature(tree) != self.seen[name]
            if changed or (self.values is not None and not equal(self.values[name], tree)):
                raise ValueError(
                    f"update: it changed its input {name} in place; return new tensors, "
                    "as in `x = x - lr * g` rather than `x -= lr * g`"
                )


def _signature(tree: Tree) -> list[Any]:
    """Every object of a tree, and every tensor's count of changes; in every call, so without torch's slower walk."""
    if isinstance(tree, torch.Tensor):
        return [id(tree), 0 if tree.is_inference() else tree._version]
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list | tuple) else ()
    found = [id(tree)]
    for part in parts:
        found += _signature(part)
    return found


def equal(a: Tree, b: Tree) -> bool:
    """Whether two trees hold the same numbers; NaN equals NaN, and on the meta device everything is equal."""
    one, other = pytree.tree_leaves(a), pytree.tree_leaves(b)
    return len(one) == len(other) and all(map(_equal, one, other))


def _equal(a: Any, b: Any) -> bool:
    if not (isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor)):
        return type(a) is type(b)
    if a.is_meta or b.is_meta or a.shape != b.shape:
        return a.shape == b.shape
    return torch.equal(a, b) or torch.equal(a.nan_to_num(), b.nan_to_num())


def fresh(update: Any) -> Any:
    """A copy that shares nothing that it could remember in; the update itself where it cannot be copied.

    Functions are copied with what they closed over, of which tensors are shared: data sets are large.
    """
    try:
        return _copied(update, {})
    except Exception:
        return update


def _copied(thing: Any, memo: dict[int, Any]) -> Any:
    if isinstance(thing, types.FunctionType):
        if not thing.__closure__:
            return thing
        cells = tuple(types.CellType(_copied(cell.cell_contents, memo)) for cell in thing.__closure__)
        made = types.FunctionType(thing.__code__, thing.__globals__, thing.__name__, thing.__defaults__, cells)
        made.__kwdefaults__ = thing.__kwdefaults__
        return made
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = [getattr(thing, field.name) for field in dataclasses.fields(thing)]
        memo.update({id(value): _copied(value, memo) for value in fields if id(value) not in memo})
    if not hasattr(thing, "parameters"):  # a module's own tensors are what it remembers in
        memo.update({id(leaf): leaf for leaf in pytree.tree_leaves(thing) if isinstance(leaf, torch.Tensor)})
    return copy.deepcopy(thing, memo)
