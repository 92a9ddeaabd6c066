"""What the methods of gradient descent share: how their states are laid out, and the gradient of a step.

A state is a dict: "params", "buffers" (what the forward pass updates, such as BatchNorm statistics) and whatever the
method remembers. Composing maps in any order needs all of it to travel along, so nothing is kept in the update.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import Key, Named, State, Tree, check_tensors, clone, describe, named_leaves

Loss = Callable[[Tree, Tree], torch.Tensor]


class GradientUpdate:
    """A method of gradient descent. A subclass says what it remembers, and how a gradient moves the params."""

    loss: Loss

    def init(self, params: Tree) -> State:
        """The start state for `params`, a pytree of floating-point tensors; they are copied.

        Raises:
            TypeError: a leaf that is not a tensor, or not of a floating-point dtype.
        """
        check_tensors("params", params)
        for name, leaf in named_leaves(params):
            if not leaf.is_floating_point():
                raise TypeError(f"params{name}: got {leaf.dtype}, but gradients need floating point; use .float()")
        return {"params": clone(params), "buffers": clone(getattr(self.loss, "buffers", {})), **self._memory(params)}

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        gradient, buffers = self._gradient(state, batch, key)
        params, memory = self._moved(state, gradient)
        return {"params": params, "buffers": buffers, **memory}

    def params(self, state: State) -> Tree:
        """The parameters inside a state (also of a stack of states)."""
        return state["params"]

    def buffers(self, state: State) -> Named:
        """The buffers inside a state, by name; empty for a loss without buffers."""
        buffers: Named = state["buffers"]
        return buffers

    @property
    def keyless(self) -> bool:
        """Whether nothing in the update is random, so that every batch is one and the same computation."""
        return not getattr(self.loss, "stochastic", False)

    def _memory(self, params: Tree) -> State:
        """What the method remembers at the start, besides params and buffers."""
        return {}

    def _moved(self, state: State, gradient: Tree) -> tuple[Tree, State]:
        """The params after a step, and what the method remembers then."""
        raise NotImplementedError

    def _gradient(self, state: State, batch: Tree, key: Key) -> tuple[Tree, Tree]:
        """The gradient of the loss at the state's params, and the buffers after the forward pass."""
        if not (isinstance(state, dict) and "params" in state):
            raise TypeError(f"start: got {describe(state)}, but this update's states are made by update.init(params)")
        params, buffers = state["params"], state["buffers"]
        if hasattr(self.loss, "with_buffers"):
            slope = torch.func.grad(self.loss.with_buffers, has_aux=True)
            gradient, buffers = slope(params, buffers, batch, key)
            return gradient, buffers
        return torch.func.grad(self.loss)(params, batch), buffers


def step_counter(params: Tree) -> torch.Tensor:
    """A count of steps for a state, at 0: an int64 scalar on the device of `params`."""
    return torch.zeros((), dtype=torch.int64, device=pytree.tree_leaves(params)[0].device)
