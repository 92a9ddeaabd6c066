"""Forward, backward and descent of one layer, for one state and one batch; a layer is a row of `layout`."""

from __future__ import annotations

from typing import Any

from revorder.fast.arithmetic import full, tanh, where_less
from revorder.fast.compiler import compiled
from revorder.fast.layout import ABOVE, AHEAD, BACK, BIAS, GRADIENT, INPUTS, OUTPUTS, WIDTH
from revorder.fast.tiles import add, apply
from revorder.fast.vectors import lanes, load, store

RELU, TANH = 0, 1


@compiled
def forward(work: Any, layer: Any, numbers: Any, x: int, stride: int, batch: int) -> None:
    """y = W x + b, for x[b, d] = numbers[x + b·stride + d]."""
    rows, width = layer[INPUTS], layer[WIDTH]
    for c in range(0, width, lanes(work)):
        y, bias = layer[ABOVE] + c, load(work, layer[BIAS] + c)
        for b in range(batch):
            store(work, y + b * width, bias)
        apply(work, layer[AHEAD] + c * rows, rows, numbers, x, stride, y, width, batch)


@compiled
def backward(work: Any, layer: Any, below: Any, batch: int) -> None:
    """The gradient by this layer's inputs, which are the outputs of the layer below: Wᵀ g."""
    rows, width = layer[OUTPUTS], below[WIDTH]
    for c in range(0, width, lanes(work)):
        gradient = below[GRADIENT] + c
        for b in range(batch):
            store(work, gradient + b * width, full(work, 0.0))
        strip = layer[BACK] + c * rows
        apply(work, strip, rows, work, layer[GRADIENT], layer[WIDTH], gradient, width, batch)


@compiled
def descend(work: Any, layer: Any, shift: int, numbers: Any, x: int, stride: int, batch: int) -> None:
    """W += g xᵀ and b += g, summed over the batch; -lr is in g. With a shift it is the velocities that grow."""
    rows, width = layer[INPUTS], layer[WIDTH]
    for c in range(0, width, lanes(work)):
        gradient = layer[GRADIENT] + c
        add(work, layer[AHEAD] + shift + c * rows, rows, numbers, x, stride, gradient, width, batch)
        total = load(work, gradient)
        for b in range(1, batch):
            total = total + load(work, gradient + b * width)
        bias = layer[BIAS] + shift + c
        store(work, bias, load(work, bias) + total)


@compiled
def descend_back(work: Any, layer: Any, shift: int, below: Any, batch: int) -> None:
    """The same for the weight in strips of inputs."""
    rows, width = layer[OUTPUTS], below[WIDTH]
    for c in range(0, width, lanes(work)):
        strip = layer[BACK] + shift + c * rows
        add(work, strip, rows, work, layer[GRADIENT], layer[WIDTH], below[ABOVE] + c, width, batch)


@compiled
def activate(work: Any, layer: Any, activation: int, batch: int) -> None:
    """The layer's outputs, in place."""
    first = layer[ABOVE]
    for i in range(first, first + batch * layer[WIDTH], lanes(work)):
        x = load(work, i)
        store(work, i, where_less(x, 0.0, 0.0, x) if activation == RELU else tanh(x))


@compiled
def derive(work: Any, layer: Any, activation: int, batch: int) -> None:
    """The gradient by what the activation was given, from the one by what it gave, in place."""
    outputs, gradients = layer[ABOVE], layer[GRADIENT]
    for i in range(0, batch * layer[WIDTH], lanes(work)):
        y, g = load(work, outputs + i), load(work, gradients + i)
        slope = where_less(full(work, 0.0), y, 1.0, 0.0) if activation == RELU else 1.0 - y * y
        store(work, gradients + i, g * slope)
