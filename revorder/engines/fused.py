"""A hand-written batched step for the model used most, a perceptron under SGD; also many ticks in a row.

It does what the traced graph of the same step does, with fewer and larger matrix products. All states see the same
inputs, so the first layer of the whole stack is ONE product, and gradients are added to the weights by the product
itself. That holds for a window of several ticks, too, in which x_k meets what the ticks before it have left behind:

    W_k x_k + b_k = W_0 x_k + b_0 - lr Σ_{j<k} G_j (x_j·x_k + 1),

with G_j the gradient by the outputs of the first layer at tick j. So one product gives W_0 x_k + b_0 for all batches of
the window, their Gram matrix x_j·x_k + 1, which all states share, corrects it, and one more product moves W at its end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from revorder.engines.perceptrons import IGNORED, Perceptron, perceptron_of

Tensor = torch.Tensor
LONGEST = 8  # ticks of a window
VECTOR = 16  # numbers; torch's softmax along rows that are shorter goes number by number


class Fused:
    """Steps of a perceptron, in place, for any number of states in the leading axis of the leaves."""

    def __init__(self, perceptron: Perceptron):
        self.perceptron, self.suits = perceptron, perceptron.suits

    def step(self, *leaves: Tensor) -> None:
        """One tick: `step(*leaves of the stack, inputs (B, …), targets (B, …))`."""
        *stack, inputs, targets = leaves
        self.window(stack, inputs[None], targets[None])

    def window(self, leaves: Sequence[Tensor], inputs: Tensor, targets: Tensor) -> None:
        """Ticks in a row, each of which moves all states of the stack: inputs (T, B, …), targets (T, B, …)."""
        inputs, layers = inputs.flatten(2), self._layers(leaves)
        aims, shares = self._aims(inputs, targets)
        at_once = self._at_once(*inputs.shape[1:])
        for parts in zip(inputs.split(at_once), aims.split(at_once), shares.split(at_once), strict=True):
            self._descend(layers, *parts)

    def _at_once(self, batch: int, features: int) -> int:
        """As many ticks as can be corrected for about an eighth of the first layer's work."""
        if self.perceptron.momentum:  # the correction is for the gradients of the window only
            return 1
        return min(max(features // (2 * batch), 1), LONGEST)

    def _layers(self, leaves: Sequence[Tensor]) -> list[_Layer]:
        count = 2 * len(self.perceptron.sizes) - 2
        velocities: Sequence[Tensor | None] = leaves[count:] or [None] * count
        below = ("", *self.perceptron.activations)
        parts = zip(leaves[:count:2], leaves[1:count:2], velocities[::2], velocities[1::2], below, strict=True)
        return [_Layer(self.perceptron.lr, self.perceptron.momentum, *part) for part in parts]

    def _aims(self, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Of all ticks, minus what outputs are drawn to (T, B, C), and the shares of examples in the loss (T, B, 1).

        For cross-entropy the former has its shares already.
        """
        if self.perceptron.loss == "square":
            return -targets, inputs.new_full((len(targets), 1, 1), 2 / targets[0].numel())
        counted = targets != IGNORED
        shares = (counted.to(inputs.dtype) / counted.sum(1, keepdim=True))[:, :, None]
        classes = torch.arange(self.perceptron.sizes[-1], device=targets.device)
        return (targets[:, :, None] == classes) * -shares, shares

    def _descend(self, layers: list[_Layer], inputs: Tensor, aims: Tensor, shares: Tensor) -> None:
        """θ ← θ - lr·∇L for every state of the stack, K times, for inputs (K, B, features)."""
        first, *upper = layers
        ticks, batch, _ = inputs.shape
        examples = inputs.reshape(ticks * batch, -1)
        hidden = first.shared(examples)  # (K·B, states·units): tick by tick, it becomes G
        stacked = hidden.view(ticks, batch, len(first.weight), -1).transpose(1, 2)
        gram = torch.mm(examples, examples.T).add_(1) if ticks > 1 else None
        for k, (here, aim, share) in enumerate(zip(stacked.unbind(), aims.unbind(), shares.unbind(), strict=True)):
            if gram is not None and k:
                before, now = k * batch, (k + 1) * batch
                hidden[before:now].addmm_(gram[before:now, :before], hidden[:before], alpha=-self.perceptron.lr)
            self._climb(upper, here, aim, share)
        first.move_shared(hidden, examples)

    def _climb(self, layers: list[_Layer], hidden: Tensor, aim: Tensor, share: Tensor) -> None:
        """One tick of the layers above the first, whose outputs (states, B, units) become the gradient by them."""
        outputs = [hidden]
        for layer in layers:
            outputs.append(layer.forward(outputs[-1]))
        self._slope(outputs[-1], aim, share)
        for i in reversed(range(len(layers))):
            layers[i].backward(outputs[i], outputs[i + 1])

    def _slope(self, outputs: Tensor, aim: Tensor, share: Tensor) -> None:
        """Outputs (states, B, C) become the gradient of the loss by them."""
        if self.perceptron.loss == "square":
            outputs.add_(aim).mul_(share)
        elif outputs.shape[2] >= VECTOR:
            torch.addcmul(aim, outputs.softmax(2), share, out=outputs)
        else:
            torch.addcmul(aim, outputs.permute(1, 2, 0).softmax(1).permute(2, 0, 1), share, out=outputs)


@dataclass(eq=False)
class _Layer:
    """A layer of a stack: weight (states, out, in), bias (states, out), their velocities, the activation below it."""

    lr: float
    momentum: float
    weight: Tensor
    bias: Tensor
    velocity: Tensor | None
    bias_velocity: Tensor | None
    activation: str

    def __post_init__(self) -> None:
        self.transposed, self.row, self.rectified = self.weight.mT, self.bias[:, None], self.activation == "relu"

    def forward(self, below: Tensor) -> Tensor:
        """Outputs (states, B, out) of what is below (states, B, in), which is activated in place."""
        below.relu_() if self.rectified else below.tanh_()
        return torch.baddbmm(self.row, below, self.transposed)

    def backward(self, below: Tensor, slope: Tensor) -> None:
        """Move by the gradient by the outputs; `below` becomes the gradient by what it was before `forward`."""
        arriving = torch.bmm(slope, self.weight)
        self._move(torch.baddbmm, self.weight, self.velocity, slope.mT, below)
        self._shift(slope.sum(1))
        if self.rectified:
            torch.ops.aten.threshold_backward.grad_input(arriving, below, 0, grad_input=below)
        else:
            torch.ops.aten.tanh_backward.grad_input(arriving, below, grad_input=below)

    def shared(self, examples: Tensor) -> Tensor:
        """Outputs (examples, states·out) of inputs (examples, in) that all states share."""
        return torch.addmm(self.bias.view(-1), examples, self.weight.view(-1, examples.shape[1]).T)

    def move_shared(self, slope: Tensor, examples: Tensor) -> None:
        """Move by the gradient by such outputs."""
        flat = -1, examples.shape[1]
        velocity = None if self.velocity is None else self.velocity.view(flat)
        self._move(torch.addmm, self.weight.view(flat), velocity, slope.T, examples)
        self._shift(slope.sum(0).view_as(self.bias))

    def _move(
        self, product: Callable[..., Tensor], weight: Tensor, velocity: Tensor | None, left: Tensor, right: Tensor
    ) -> None:
        if velocity is None:
            product(weight, left, right, alpha=-self.lr, out=weight)
        else:
            weight.sub_(product(velocity, left, right, beta=self.momentum, out=velocity), alpha=self.lr)

    def _shift(self, gradient: Tensor) -> None:
        if self.bias_velocity is not None:
            gradient = self.bias_velocity.mul_(self.momentum).add_(gradient)
        self.bias.sub_(gradient, alpha=self.lr)


def fused_step(update: Any) -> Fused | None:
    """The hand-written step of an update; None where there is none."""
    perceptron = perceptron_of(update)
    return None if perceptron is None else Fused(perceptron)
