"""Where an engine stands in a run, so that the run can be stopped there and go on later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import Tree


@dataclass(frozen=True)
class Place:
    """A place between two evaluations of T: everything that an engine needs to go on from there.

    Attributes:
        position: plain numbers and lists of them, as JSON can hold them.
        states: the states that still have work to do, as a pytree.
    """

    position: dict[str, Any]
    states: Tree


def beside(place: Place, start: Tree) -> Place:
    """The place with its states on the device of a start; what is read from a file lies on the CPU."""
    device = pytree.tree_leaves(start)[0].device

    def moved(leaf: Any) -> Any:
        return leaf.to(device) if isinstance(leaf, torch.Tensor) else leaf

    return replace(place, states=pytree.tree_map(moved, place.states))


class Keeper(Protocol):
    """Is told after every evaluation (or batched call) how to have the place of the run; may keep it, or stop the run.

    Attributes:
        place: where the run goes on from; None at its beginning.
    """

    place: Place | None

    def reached(self, place: Callable[[], Place]) -> None:
        """Every checkpoint until here has been handed out. Whatever this raises ends the run."""
