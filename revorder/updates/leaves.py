"""Which tensors a loss depends on, read from autograd's graph; and which modules it must not depend on."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from typing import Any

import torch


def leaves_of(loss: torch.Tensor) -> list[torch.Tensor]:
    """The tensors that `loss.backward()` would give gradients to."""
    found: list[torch.Tensor] = []
    pending, seen = [loss.grad_fn], set[Any]()
    while pending:
        node = pending.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        pending += [parent for parent, _ in node.next_functions]
    return found


class Originals:
    """The parameters that were given, of which copies are trained; they are not kept alive, copied or sent."""

    def __init__(self, params: Iterable[torch.Tensor] = ()):
        self.references = [weakref.ref(param) for param in params]

    def __deepcopy__(self, memo: dict[int, Any]) -> Originals:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Originals, ()

    def check(self, leaves: Iterable[torch.Tensor]) -> None:
        """Raise ValueError if one of them is among the leaves of a loss."""
        known = {id(reference()) for reference in self.references}
        if any(id(leaf) in known for leaf in leaves):
            raise ValueError(
                "model, criterion, forward: the loss depends on parameters of the module that was given, but a copy of "
                "it is trained: a criterion, hook or patched method holds on to it; take the module from the "
                "arguments, as in forward=lambda model, batch: ..."
            )
