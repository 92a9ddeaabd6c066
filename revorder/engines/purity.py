"""Purity: what an update must leave alone, and copies of it that have not seen anything yet."""

from __future__ import annotations

import copy
import random
import types
from collections import OrderedDict
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import Tree, clone, same_numbers
from revorder.updates.randomness import TURN

HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class Untouched:
    """Remembers the inputs of one call, and finds what the call changed in place.

    At every call: the objects, and torch's count of changes of every tensor. With `values` (a copy) also what changes
    without being counted, by way of `.data`, NumPy or a fused optimizer.
    """

    def __init__(self, state: Tree, batch: Tree, values: bool = False):
        self.trees = {"state": state, "batch": batch}
        self.seen = {name: _signature(tree) for name, tree in self.trees.items()}
        self.values = clone(self.trees) if values else None

    def changed(self) -> str | None:
        """The name of what changed, if anything did."""
        for name, tree in self.trees.items():
            moved = _signature(tree) != self.seen[name]
            if moved or (self.values is not None and not equal(self.values[name], tree)):
                return name
        return None

    def check(self) -> None:
        """Raise ValueError if an update changed something."""
        if name := self.changed():
            raise ValueError(
                f"update: it changed its input {name} in place; return new tensors, as in `x = x - lr * g` rather than "
                "`x -= lr * g`; a module that changes its own parameters in forward travel needs ro.torch_update"
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
        if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
            return np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
        return type(a) is type(b)
    if a.is_sparse or b.is_sparse:
        a, b = a.to_dense(), b.to_dense()
    if a.is_meta or b.is_meta or a.shape != b.shape:
        return bool(a.shape == b.shape)
    return torch.equal(a, b) or same_numbers(a, b)


def fresh(update: Any) -> Any:
    """A copy that shares nothing that it could remember in; the update itself where it cannot be copied.

    Functions, also hooks, are copied with what they closed over, of which tensors are shared: data sets are large.
    """
    try:
        with TURN:  # not while another thread is in the middle of a step
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
    memo.update({id(part): _copied(part, memo) for part in _functions(thing) if id(part) not in memo})
    for module in _modules(thing) or _modules(getattr(thing, "loss", None)):  # mostly tables of hooks, which are empty
        memo.update({id(part): type(part)() for part in vars(module).values() if _is_empty(part)})
    if not _modules(thing):  # a module's own tensors are what it remembers in
        memo.update({id(leaf): leaf for leaf in pytree.tree_leaves(thing) if isinstance(leaf, torch.Tensor)})
    return copy.deepcopy(thing, memo)


def _is_empty(part: Any) -> bool:
    return type(part) in (dict, OrderedDict) and not part


def _modules(thing: Any) -> list[torch.nn.Module]:
    held = getattr(thing, "held", thing)
    return list(held.modules()) if isinstance(held, torch.nn.Module) else []


def _functions(thing: Any) -> list[Any]:
    """The functions inside an update, and its own parts that may hold some, innermost first."""
    parts = [getattr(thing, field.name) for field in fields(thing)] if is_dataclass(thing) else []
    found = [function for part in parts for function in _functions(part)] if not isinstance(thing, type) else []
    for module in _modules(thing):
        found += [hook for kind in HOOKS for hook in getattr(module, kind).values()]
        found += vars(module).values()
        found += [
            hook for kind in ("hooks", "late_hooks") for some in getattr(module, kind, {}).values() for hook in some
        ]
    return [part for part in [*found, *parts] if isinstance(part, types.FunctionType)]


def remembered(update: Any) -> list[object]:
    """What an update could remember in besides tensors of its module: objects at attributes and in closures, by id."""
    parts = [update, *([update.loss] if hasattr(update, "loss") else [])]
    modules = [module for part in parts for module in _modules(part)]
    functions = [
        part for thing in parts for part in [thing, *_functions(thing)] if isinstance(part, types.FunctionType)
    ]
    held = [value for module in modules for name, value in vars(module).items() if not name.startswith("_")]
    held += [cell.cell_contents for function in functions for cell in function.__closure__ or ()]
    return [_trace(value) for value in held]


def _trace(value: Any) -> object:
    """What changes if a value is replaced, filled, or drawn from."""
    if isinstance(value, dict | list | set):
        return id(value), [id(part) for part in (value.values() if isinstance(value, dict) else value)]
    if isinstance(value, np.random.Generator):
        return repr(value.bit_generator.state)
    if isinstance(value, np.random.RandomState):
        return repr(value.get_state())
    if isinstance(value, random.Random):
        return value.getstate()
    return value.get_state().tolist() if isinstance(value, torch.Generator) else id(value)
