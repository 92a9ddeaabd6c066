"""The memory of torch's optimizers: taken out of one after a step, and put into the next."""

from __future__ import annotations

import copy
from typing import Any

import torch

from revorder.pytrees import same_numbers

SIMPLE = (int, float, complex, str, torch.dtype, torch.device)
KNOWN = set(vars(torch.optim.SGD([torch.zeros((), requires_grad=True)], lr=0.1)))  # what every optimizer has


def options(group: dict[str, Any]) -> dict[str, Any]:
    """A copy of the options of one group of parameters."""
    return {name: copy.deepcopy(value) for name, value in group.items() if name not in ("params", "param_names")}


def attributes(optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """Copies of what an optimizer of an own class holds besides its state and its groups; torch's hold caches there."""
    if type(optimizer).__module__.startswith("torch.optim."):
        return {}
    own = {name: value for name, value in vars(optimizer).items() if name not in KNOWN}
    return {name: _copied(value) for name, value in own.items() if not callable(value)}


def _copied(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # it holds a graph, say: then it is compared by its kind
        return value


def owners(optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    """The parameters of an optimizer, group after group."""
    return [param for group in optimizer.param_groups for param in group["params"]]


def remind(optimizer: torch.optim.Optimizer, memory: dict[Any, Any]) -> None:
    """Give a new optimizer what the state remembers."""
    known = owners(optimizer)
    for name, value in memory.items():
        if name == "groups":
            for group, changed in zip(optimizer.param_groups, value, strict=True):
                group.update(copy.deepcopy(changed))
        else:
            optimizer.state[known[name] if isinstance(name, int) else name] = copy.deepcopy(value)


def kept(optimizer: torch.optim.Optimizer, fresh: list[dict[str, Any]], before: dict[Any, Any]) -> dict[Any, Any]:
    """What the optimizer remembers: of each parameter, under names of its own, and in its groups' changed options."""
    number = {id(param): i for i, param in enumerate(owners(optimizer))}
    found: dict[Any, Any] = {}
    for owner, value in optimizer.state.items():
        value = _remembered(value)
        if not (isinstance(value, dict) and not value):
            found[number.get(id(owner), owner)] = value
    known = before.get("groups", [{}] * len(fresh))
    changed = [
        {name: value for name, value in options(group).items() if name in old or differ(value, first.get(name))}
        for group, first, old in zip(optimizer.param_groups, fresh, known, strict=True)
    ]
    return found | {"groups": changed} if any(changed) else found


def _remembered(memory: Any) -> Any:
    """A copy of what an optimizer remembers of one parameter; entries that hold nothing are left out."""
    if not isinstance(memory, dict):
        return copy.deepcopy(memory)
    return {name: copy.deepcopy(value) for name, value in memory.items() if value is not None}


def differ(a: Any, b: Any) -> bool:
    """Whether two options, or two tensors, are not the same; NaN equals NaN here."""
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
        return not same_numbers(a, b)
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() != b.keys() or any(differ(a[name], b[name]) for name in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) != len(b) or any(map(differ, a, b))
    return type(a) is not type(b) or (isinstance(a, SIMPLE) and a != b)
