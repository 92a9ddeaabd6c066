"""Linear models, recognised in an update: what they do in closed form, whatever the criterion of their outputs.

For outputs O = X Θᵀ with X (B, d) and Θ (C, d), bias included, a step of SGD is Θ ← Θ - lr·Gᵀ X, with G = ∂L/∂O. The
square loss has slopes G = κ O - c in O, and then all C rows of Θ move alike: under M = 1 - lr·κ·XᵀX.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from revorder.engines.perceptrons import does_nothing, is_flatten, is_plain
from revorder.pytrees import Tree
from revorder.updates.descent import SGD
from revorder.updates.modules import ModuleLoss


@dataclass(frozen=True)
class Regression:
    """Flatten?, Linear under θ ← θ - lr·∇L, with any criterion.

    Attributes:
        names: of the weight and, if there is one, of the bias, among the params.
        features, outputs: numbers in an input, and in an output.
    """

    criterion: Callable[[torch.Tensor, Any], torch.Tensor]
    lr: float
    names: tuple[str, ...]
    features: int
    outputs: int
    flattens: bool

    def suits(self, start: Tree) -> bool:
        """Whether a state is params of this model and nothing else, in single or double precision."""
        params = start["params"]
        if set(params) != set(self.names) or any(start[key] for key in start if key != "params"):
            return False
        first = params[self.names[0]]
        if first.is_meta or first.dtype not in (torch.float32, torch.float64):
            return False
        shapes = dict(zip(self.names, ((self.outputs, self.features), (self.outputs,)), strict=False))
        return all(leaf.dtype == first.dtype and leaf.shape == shapes[name] for name, leaf in params.items())

    def matrix(self, state: Tree) -> torch.Tensor:
        """Θ (C, d) of a state."""
        params = state["params"]
        return torch.cat([params[name].reshape(len(params[name]), -1) for name in self.names], 1)

    def tree(self, states: torch.Tensor, like: Tree) -> Tree:
        """The stack of states for Θ (states, C, d), or one state for (C, d), laid out as another one."""
        parts = {self.names[0]: states[..., : self.features]}
        if len(self.names) > 1:
            parts[self.names[1]] = states[..., -1]
        return like | {"params": {name: parts[name] for name in like["params"]}}

    def design(self, inputs: torch.Tensor, padding: int = 0) -> torch.Tensor:
        """X (ticks, B, d) for inputs (ticks, B, features…), with ones for the bias; then ticks of zeros."""
        flat = inputs.flatten(2) if self.flattens else inputs
        ticks, batch, features = flat.shape
        design = flat.new_empty(ticks + padding, batch, features + len(self.names) - 1)
        design[:ticks, :, :features], design[:ticks, :, features:], design[ticks:] = flat, 1, 0
        return design

    def fits(self, batches: Any, like: torch.Tensor) -> bool:
        """Whether stacked batches are pairs whose inputs are rows of features, of the dtype of the params."""
        inputs = batches[0] if isinstance(batches, tuple | list) and len(batches) == 2 else None
        if not isinstance(inputs, torch.Tensor) or (inputs.dtype, inputs.device) != (like.dtype, like.device):
            return False
        shaped = inputs.ndim == 3 or (self.flattens and inputs.ndim > 3)
        return shaped and inputs.numel() == inputs.shape[0] * inputs.shape[1] * self.features > 0


def regression_of(update: Any) -> Regression | None:
    """What an update does, if it is plain SGD on a linear model and nothing else; None otherwise."""
    if not (type(update) is SGD and not update.momentum and not update.weight_decay):
        return None
    loss = update.loss
    if not (type(loss) is ModuleLoss and loss.criterion is not None and not loss.buffers and is_plain(loss.held)):
        return None
    named: list[tuple[str, nn.Module]] = [("", loss.model)] if type(loss.model) is nn.Linear else []
    if type(loss.model) is nn.Sequential:
        parts = {f"{name}.": part for name, part in loss.model._modules.items() if part is not None}
        named = [(name, part) for name, part in parts.items() if not does_nothing(part)]
    flat = len(named) > 1 and is_flatten(named[0][1])
    prefix, layer = named[-1] if len(named) == 1 + flat else ("", None)
    if type(layer) is not nn.Linear:
        return None
    names = tuple(prefix + part for part in (["weight"] if layer.bias is None else ["weight", "bias"]))
    if loss.held.trained != list(names):  # a criterion may have parameters, too
        return None
    return Regression(loss.criterion, float(update.lr), names, layer.in_features, layer.out_features, flat)
