"""Metrics of states: on whole stacks where torch can, and together where one pass finds several of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import Tree, row
from revorder.showing import PART, cut

LANES = 32  # a metric may look at a whole test set: activations of so many states at once are held

Metric = Callable[[Tree], Any]
Observed = Callable[[str, Metric, Tree, int], Any]  # (argument, function, state, place in the stack) -> what it returns


@dataclass(frozen=True, eq=False)
class Joint:
    """One of several metrics that one function of a state finds together: it is called once for all of them.

    Attributes:
        function: state -> name -> number.
        name: that of this metric.
    """

    function: Callable[[Tree], dict[str, Any]]
    name: str

    def __call__(self, state: Tree) -> Any:
        return self.function(state)[self.name]


def groups(metrics: dict[str, Metric]) -> list[dict[str, Metric]]:
    """Metrics that are found together, and others alone, by name."""
    found: dict[int, dict[str, Metric]] = {}
    for name, metric in metrics.items():
        found.setdefault(id(metric.function if isinstance(metric, Joint) else metric), {})[name] = metric
    return list(found.values())


def measure(group: dict[str, Metric], states: Tree, observed: Observed) -> dict[str, list[float]]:
    """Name -> the values (states,) of one of the `groups`: in one batched call if torch.vmap can, else one by one."""
    count = len(pytree.tree_leaves(states)[0])
    if count > 1:
        try:
            batched = torch.vmap(partial(_values, group), chunk_size=LANES)(states)
        except Exception:  # a metric leaves torch, or branches on values; one by one says what is wrong, if anything
            batched = {}
        if batched and all(_is_column(values, count) for values in batched.values()):
            return {name: values.tolist() for name, values in batched.items()}
    argument = f"metrics[{next(iter(group))!r}]"
    each = [observed(argument, partial(_numbers, group), row(states, place), place) for place in range(count)]
    return {name: [found[name] for found in each] for name in group}


def _values(group: dict[str, Metric], state: Tree) -> dict[str, Any]:
    first = next(iter(group.values()))
    if isinstance(first, Joint):
        found = first.function(state)
        return {name: found[metric.name] for name, metric in group.items() if isinstance(metric, Joint)}
    return {name: metric(state) for name, metric in group.items()}


def _numbers(group: dict[str, Metric], state: Tree) -> dict[str, float]:
    return {name: _number(name, value) for name, value in _values(group, state).items()}


def _is_column(values: Any, count: int) -> bool:
    fits = isinstance(values, torch.Tensor) and values.shape == (count,)
    return fits and not values.is_meta and not values.is_complex()


def _number(name: str, value: Any) -> float:
    if isinstance(value, torch.Tensor):
        if value.numel() != 1:
            raise ValueError(f"metrics[{name!r}]: got shape {tuple(value.shape)}, but a metric must be one number")
        value = float("nan") if value.is_meta else value.item()
    try:
        if isinstance(value, str | np.str_ | bytes | bytearray | complex | np.complexfloating):  # NumPy drops their i
            raise TypeError
        return float(value)
    except (TypeError, ValueError) as error:
        said = f"metrics[{name!r}]: it returned {cut(repr(value), PART)}, but a metric must return a number"
        raise TypeError(said) from error
    except OverflowError as error:
        raise ValueError(f"metrics[{name!r}]: it returned a number beyond what a float holds; scale it") from error
