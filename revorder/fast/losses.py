"""Gradients of a batch's loss by the outputs of the last layer, times `scale` (which is -lr where one descends)."""

from __future__ import annotations

from typing import Any

from revorder.fast.arithmetic import exp, full, most_of, sum_of, where_less
from revorder.fast.compiler import compiled
from revorder.fast.layout import ABOVE, GRADIENT, OUTPUTS, WIDTH
from revorder.fast.vectors import lanes, load, store

CROSS_ENTROPY, SQUARE = 0, 1
IGNORED = -100  # the target that cross-entropy ignores


@compiled
def softmax(work: Any, z: int, g: int, width: int, share: float) -> None:
    """g = share · softmax(z); outputs of -inf, which fill up the last line, get 0."""
    most = load(work, z)
    for c in range(lanes(work), width, lanes(work)):
        most = where_less(most, load(work, z + c), load(work, z + c), most)
    top, total = most_of(most), full(work, 0.0)
    for c in range(0, width, lanes(work)):
        powers = exp(load(work, z + c) - top)
        store(work, g + c, powers)
        total = total + powers
    factor = share / sum_of(total)
    for c in range(0, width, lanes(work)):
        store(work, g + c, load(work, g + c) * factor)


@compiled
def cross_entropy(work: Any, layer: Any, labels: Any, first: int, batch: int, scale: float) -> None:
    """(softmax - one-hot) / how many targets count."""
    width, counted = layer[WIDTH], 0
    for b in range(batch):
        counted += labels[first + b] != IGNORED
    for b in range(batch):
        z, g, label = layer[ABOVE] + b * width, layer[GRADIENT] + b * width, labels[first + b]
        share = scale / counted if label != IGNORED else 0.0
        softmax(work, z, g, width, share)
        if label != IGNORED:
            work[g + label] -= share


@compiled
def square(work: Any, layer: Any, values: Any, first: int, batch: int, scale: float) -> None:
    """2 (output - target) / how many numbers there are; what fills up the last line has gradient 0 from the start."""
    classes, width = layer[OUTPUTS], layer[WIDTH]
    for b in range(batch):
        z, g, target = layer[ABOVE] + b * width, layer[GRADIENT] + b * width, first + b * classes
        for k in range(classes):
            work[g + k] = 2.0 * scale / (batch * classes) * (work[z + k] - values[target + k])
