"""What the methods of gradient descent share: how their states are laid out, and the gradient of a step.

A state is a dict: "params", "buffers" (what the forward pass updates, such as BatchNorm statistics) and whatever the
method remembers. Composing maps in any order needs all of it to travel along, so nothing is kept in the update.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import Key, Named, State, Tree, check_tensors, clone, describe, named_leaves
from revorder.showing import ShownByFields
from revorder.updates.slopes import Then, gradient

Loss = Callable[[Tree, Tree], torch.Tensor]


class GradientUpdate(ShownByFields):
    """A method of gradient descent. A subclass says what it remembers, and how a gradient moves the params."""

    loss: Loss

    def init(self, params: Tree, buffers: Named | None = None) -> State:
        """The start state for `params`, a pytree of floating-point tensors; they are copied.

        Args:
            params: the parameters of a loss of `module_loss` by name: all that are trained; frozen ones, if given,
                stay as they are and travel with the state, so that the starts of several models can differ in them.
            buffers: of such a loss, by name (default: its module's, if params are its module's as well).

        Raises:
            TypeError: a leaf that is not a tensor, or not of a floating-point dtype.
            ValueError: a name that the loss's module does not have, or a missing one; params of another module
                without its buffers.
        """
        check_tensors("params", params)
        for name, leaf in named_leaves(params):
            if not leaf.is_floating_point():
                raise TypeError(f"params{name}: got {leaf.dtype}, but gradients need floating point; use .float()")
        if hasattr(self.loss, "start"):
            params, buffers = self.loss.start(params, buffers)
        elif buffers is None:
            buffers = getattr(self.loss, "buffers", {})
        return {"params": clone(params), "buffers": clone(buffers), **self._memory(params)}

    def __call__(self, state: State, batch: Tree, key: Key = None) -> State:
        slope, buffers = self._gradient(state, batch, key)
        params, memory = self._moved(state, slope)
        return {"params": params, "buffers": buffers, **memory}

    def params(self, state: State) -> Tree:
        """The parameters inside a state (also of a stack of states), with frozen ones that the start was given."""
        params = state["params"]
        given = {name: state["buffers"][name] for name in getattr(self.loss, "frozen", ()) if name in state["buffers"]}
        return {**params, **given} if given else params

    def buffers(self, state: State) -> Named:
        """The buffers inside a state, by name; empty for a loss without buffers."""
        buffers: Named = state["buffers"]
        return buffers

    @property
    def keyless(self) -> bool:
        """Whether nothing in the update is random, so that every batch is one and the same computation."""
        return not getattr(self.loss, "stochastic", False)

    @property
    def examined(self) -> int:
        """On how many batches `examine` looks: more, if momentum or weight decay could move what has no gradient."""
        return 5 if getattr(self, "weight_decay", 0.0) or self._memory({"": torch.zeros(())}) else 1

    def examine(self, state: State, batches: Sequence[Tree], keys: Sequence[Key]) -> None:
        """Raise ValueError where torch's optimizers would do something else on these batches.

        They skip a parameter that the loss does not depend on, while here its gradient is zero, and momentum and weight
        decay go on moving it.
        """
        decays, remembers = bool(getattr(self, "weight_decay", 0.0)), len(state) > 2  # besides params and buffers
        if not hasattr(self.loss, "unused"):
            return
        unused = [self.loss.unused(state["params"], state["buffers"], *one) for one in zip(batches, keys, strict=True)]
        never, now_and_then = set.intersection(*unused), set.union(*unused)
        wrong = (never if decays else set()) | (now_and_then - never if decays or remembers else set())
        if wrong:
            raise ValueError(
                f"params: the loss does not depend on {min(wrong)!r} on every batch; torch's optimizers skip it then, "
                "but here its momentum and weight decay would move it: freeze it (requires_grad_(False))"
            )

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
        if hasattr(self.loss, "gradient"):
            slope, buffers = self.loss.gradient(params, buffers, batch, key)
            return slope, buffers
        return gradient(self._loss, params, buffers, batch, key)

    def _loss(self, params: Tree, buffers: Tree, batch: Tree, key: Key, then: Then) -> tuple[Any, Tree]:
        """The loss of somebody's own, and the buffers, as `gradient` wants them."""
        if hasattr(self.loss, "with_buffers"):
            loss, buffers = self.loss.with_buffers(params, buffers, batch, key)
            return then(loss), buffers
        return then(self.loss(params, batch)), buffers


def step_counter(params: Tree) -> torch.Tensor:
    """A count of steps for a state, at 0: an int64 scalar on the device of `params`."""
    return torch.zeros((), dtype=torch.int64, device=pytree.tree_leaves(params)[0].device)
