"""The model used most, recognised in an update: a multilayer perceptron under SGD, with or without momentum.

A `Perceptron` says in a few numbers what the update does, so that steps written by hand can do it. If an update, a
module or a criterion may do anything else, `perceptron_of` returns None, and the step is made as it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.nn.modules.module import _has_any_global_hook

from revorder.updates.descent import SGD
from revorder.updates.held import Held
from revorder.updates.modules import ModuleLoss

IGNORED = -100  # the target that cross-entropy ignores
ACTIVATIONS: dict[type, str] = {nn.ReLU: "relu", nn.Tanh: "tanh"}


@dataclass(frozen=True)
class Perceptron:
    """Flatten?, Linear, (activation, Linear)* under v ← momentum·v + g, θ ← θ - lr·v, as `torch.optim.SGD` has it.

    Leaves of a stack of S states, in order: weight (S, out, in) and bias (S, out) of every layer in turn; with
    momentum, the same again for v.
    A batch is inputs (B, features…) and targets: (B,) int64, or (B, C) for the square loss.

    Attributes:
        sizes: widths of the layers, input first.
        activations: of the hidden layers: "relu" or "tanh".
        loss: "cross-entropy" (the mean; targets of -100 are ignored) or "square" (the mean over all B·C entries).
        flattens: whether the model flattens its inputs first.
    """

    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str
    lr: float
    momentum: float = 0.0
    flattens: bool = False

    def suits(self, batch: Any, ignoring: bool = True) -> bool:
        """Whether a batch is what the formulas are for: rows of features, and targets that go with them.

        Targets of -100, which cross-entropy ignores, may be among them unless that is excluded; but not all.
        """
        inputs, targets = batch if isinstance(batch, tuple | list) and len(batch) == 2 else (None, None)
        if not (isinstance(inputs, torch.Tensor) and isinstance(targets, torch.Tensor)) or targets.is_meta:
            return False
        shaped = inputs.ndim == 2 or (self.flattens and inputs.ndim > 2)
        if not shaped or not targets.numel() or inputs.numel() != len(inputs) * self.sizes[0]:
            return False
        if self.loss == "square":  # targets of another shape would be broadcast
            return targets.shape == (len(inputs), self.sizes[-1]) and targets.dtype == inputs.dtype
        return self._classes(targets, len(inputs), ignoring)

    def _classes(self, targets: torch.Tensor, count: int, ignoring: bool) -> bool:
        if targets.dtype != torch.int64 or targets.shape != (count,):
            return False
        least, most = (int(end) for end in targets.aminmax())
        if ignoring and least == IGNORED and most >= 0:
            least = int(targets[targets != IGNORED].amin())
        return least >= 0 and most < self.sizes[-1]


def perceptron_of(update: Any) -> Perceptron | None:
    """What an update does, if it is the step of a perceptron and nothing else; None otherwise."""
    if not (type(update) is SGD and not update.nesterov and not update.weight_decay):
        return None
    loss = update.loss
    if not (type(loss) is ModuleLoss and not loss.buffers and is_plain(loss.held)):
        return None
    layers, criterion = _layers(loss.model), _criterion(loss.criterion)
    if layers is None or criterion is None:
        return None
    flattens, linear, activations = layers
    # layers may share their weights, or have more parameters than these
    if loss.held.trained != [f"{name}.{part}" for name in linear for part in ("weight", "bias")]:
        return None
    shapes = [layer.weight.shape for layer in linear.values()]
    sizes = (shapes[0][1], *(out for out, _ in shapes))
    if not all(sizes) or any(shape[1] != size for shape, size in zip(shapes, sizes, strict=False)):
        return None
    return Perceptron(sizes, activations, criterion, float(update.lr), float(update.momentum), flattens)


def is_plain(held: Held) -> bool:
    """Whether a loss is its model under its criterion: no hooks, nothing frozen, nothing drawn, no other `forward`."""
    if held.how is not None or held.frozen or any(held.hooks.values()) or held.draws.stochastic:
        return False
    if _has_any_global_hook():
        return False
    return not any(
        module._forward_hooks or module._forward_pre_hooks or module._backward_hooks or module._backward_pre_hooks
        or "forward" in vars(module)
        for module in held.modules()
    )  # fmt: skip


def _layers(model: nn.Module) -> tuple[bool, dict[str, nn.Linear], tuple[str, ...]] | None:
    """Whether a model flattens, its linear layers by name, and the activations between; None for any other model.

    Types are asked for exactly: a subclass, as weight normalisation makes one, may do anything.
    """
    if type(model) is not nn.Sequential:
        return None
    layers = [(name, layer) for name, layer in model._modules.items() if layer is not None and not does_nothing(layer)]
    flattens = bool(layers) and is_flatten(layers[0][1])
    layers = layers[flattens:]
    linear = {name: layer for name, layer in layers[::2] if type(layer) is nn.Linear and layer.bias is not None}
    activations = tuple(ACTIVATIONS.get(type(layer), "") for _, layer in layers[1::2])
    if len(linear) != len(activations) + 1 or len(layers) != len(linear) + len(activations) or not all(activations):
        return None
    return flattens, linear, activations


def does_nothing(layer: nn.Module) -> bool:
    """Whether a layer hands on what it is given: `Identity`, or `Dropout` that drops nothing."""
    return type(layer) is nn.Identity or (type(layer) is nn.Dropout and not (layer.training and layer.p))


def is_flatten(layer: nn.Module) -> bool:
    """Whether a layer makes one row of each example."""
    return type(layer) is nn.Flatten and (layer.start_dim, layer.end_dim) == (1, -1)


def _criterion(criterion: Any) -> str | None:
    """The loss that a criterion is; None for any other than the two, or with options."""
    if criterion is cross_entropy:
        return "cross-entropy"
    if criterion is mse_loss:
        return "square"
    if type(criterion) is nn.CrossEntropyLoss and criterion.weight is None:
        options = criterion.reduction, criterion.ignore_index, criterion.label_smoothing
        return "cross-entropy" if options == ("mean", IGNORED, 0.0) else None
    return "square" if type(criterion) is nn.MSELoss and criterion.reduction == "mean" else None
