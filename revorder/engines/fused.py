"""A hand-written batched step for the model used most: a multilayer perceptron under plain SGD and cross-entropy.

It does what the traced graph of the same step does, with fewer and larger matrix products: all states see the same
inputs, so the first layer of the whole stack is ONE product, and gradients are accumulated into the weights by the
product itself. Activations have the layout (states, units, batch), in which nothing needs to be transposed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from revorder.updates.descent import SGD
from revorder.updates.modules import ModuleLoss

Layer = tuple[torch.Tensor, torch.Tensor]  # weight (states, out, in), bias (states, out)

# (in place on its input, derivative times the gradient that arrives, from the output)
Activation = tuple[Callable[[torch.Tensor], torch.Tensor], Callable[[torch.Tensor, torch.Tensor], torch.Tensor]]

ACTIVATIONS: dict[type, Activation] = {
    nn.ReLU: (torch.relu_, lambda gradient, output: torch.ops.aten.threshold_backward(gradient, output, 0)),
    nn.Tanh: (torch.tanh_, torch.ops.aten.tanh_backward),
}


IGNORED = -100  # the target that cross-entropy ignores


class Fused:
    """The step of a perceptron, `step(*weights and biases, inputs, targets)`, in place, for any number of states."""

    def __init__(self, activations: list[Activation], model: nn.Module, lr: float):
        self.activations, self.lr = activations, lr  # and not the update, which this would keep alive
        layers = list(model.children())
        linear = [layer for layer in layers if type(layer) is nn.Linear]
        self.features, self.classes = linear[0].in_features, linear[-1].out_features
        self.flattens = type(layers[0]) is nn.Flatten

    def suits(self, batch: Any, ignoring: bool = True) -> bool:
        """Whether a batch is what the formula is for: rows of features, and as many classes that exist.

        Targets of -100, which cross-entropy ignores, may be among them unless that is excluded; but not all.
        """
        inputs, targets = batch if isinstance(batch, tuple | list) and len(batch) == 2 else (None, None)
        if not (isinstance(inputs, torch.Tensor) and isinstance(targets, torch.Tensor)) or targets.is_meta:
            return False
        shaped = inputs.ndim == 2 or (self.flattens and inputs.ndim > 2)
        if not shaped or targets.dtype != torch.int64 or targets.shape != inputs.shape[:1] or not targets.numel():
            return False
        least, most = (int(end) for end in targets.aminmax())
        if ignoring and least == IGNORED and most >= 0:
            least = int(targets[targets != IGNORED].amin())
        return inputs.numel() == len(targets) * self.features and least >= 0 and most < self.classes

    def step(self, *leaves: torch.Tensor) -> None:
        *parameters, inputs, targets = leaves
        layers = list(zip(parameters[::2], parameters[1::2], strict=True))
        _descend(layers, self.activations, inputs.flatten(1), targets, self.lr)


def fused_step(update: Any) -> Fused | None:
    """The hand-written step of an update; None where there is none."""
    if not (type(update) is SGD and not update.momentum and not update.weight_decay):
        return None
    loss = update.loss
    if not (type(loss) is ModuleLoss and loss.criterion is cross_entropy and not loss.buffers):
        return None
    held = loss.held
    if held.how is not None or held.frozen or any(held.hooks.values()) or held.draws.stochastic:
        return None
    activations = _perceptron(loss.model)
    if activations is None or len(held.trained) != 2 * (len(activations) + 1):  # layers may share their weights
        return None
    if any(module._forward_hooks or module._forward_pre_hooks for module in held.model.modules()):
        return None
    return Fused(activations, loss.model, update.lr)


def _perceptron(model: nn.Module) -> list[Activation] | None:
    """The activations between the layers of Flatten?, Linear, (activation, Linear)*; None for any other module."""
    modules = list(model) if type(model) is nn.Sequential else []
    modules = modules[1:] if modules and type(modules[0]) is nn.Flatten and modules[0].start_dim == 1 else modules
    linear, between = modules[::2], modules[1::2]
    fits = len(linear) == len(between) + 1 and all(type(layer) is nn.Linear for layer in linear)
    if not fits or any(layer.bias is None for layer in linear) or any(type(a) not in ACTIVATIONS for a in between):
        return None
    return [ACTIVATIONS[type(activation)] for activation in between]


def _descend(
    layers: list[Layer], activations: list[Activation], x: torch.Tensor, targets: torch.Tensor, lr: float
) -> None:
    """θ ← θ - lr·∇L for every state of the stack; x is (batch, in), targets (batch,)."""
    (weight, bias), *rest = layers
    states, batch = len(weight), len(x)
    first = torch.mm(weight.view(-1, x.shape[1]), x.T).view(states, -1, batch).add_(bias[:, :, None])
    outputs = [first]
    for (weight, bias), (activate, _) in zip(rest, activations, strict=True):
        outputs.append(torch.baddbmm(bias[:, :, None], weight, activate(outputs[-1])))
    gradient = _cross_entropy_gradient(outputs.pop(), targets)
    for (weight, bias), (_, derive), below in zip(rest[::-1], activations[::-1], outputs[::-1], strict=True):
        arriving = derive(torch.bmm(weight.mT, gradient), below)
        weight.baddbmm_(gradient, below.mT, alpha=-lr)
        bias.sub_(gradient.sum(2), alpha=lr)
        gradient = arriving
    weight, bias = layers[0]
    weight.view(-1, x.shape[1]).addmm_(gradient.view(-1, batch), x, alpha=-lr)
    bias.sub_(gradient.sum(2), alpha=lr)


def _cross_entropy_gradient(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Of the mean over the batch: (softmax - one-hot) / batch, for logits (states, classes, batch); -100 is ignored."""
    classes = torch.arange(logits.shape[1], device=logits.device)
    counted = targets != IGNORED
    share = counted.to(logits.dtype) / counted.sum()
    one_hot = (classes[:, None] == targets) * share
    return logits.sub_(logits.amax(1, keepdim=True)).exp_().mul_(share / logits.sum(1, keepdim=True)).sub_(one_hot)
