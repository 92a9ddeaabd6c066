"""One state after the other through all its ticks: a state of moderate size stays in the processor's cache meanwhile.

A tick of one state is what `textbook.py` says. Sizes, activations and losses are numbers given at run time, so that
what is compiled once for a type of numbers serves all perceptrons, and from the disk in later sessions.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from revorder.fast.compiler import HOW, compiled, sources
from revorder.fast.layers import activate, backward, derive, descend, descend_back, forward
from revorder.fast.layout import ABOVE, INPUTS, OUTPUTS, WIDTH
from revorder.fast.losses import CROSS_ENTROPY, cross_entropy, square
from revorder.fast.packing import pack, unpack
from revorder.fast.vectors import lanes, load, store


@compiled
def outputs(work: Any, layers: Any, activations: Any, inputs: Any, x: int, batch: int) -> None:
    """Forward through all layers."""
    forward(work, layers[0], inputs, x, layers[0, INPUTS], batch)
    for i in range(1, len(layers)):
        below = layers[i - 1]
        activate(work, below, activations[i - 1], batch)
        forward(work, layers[i], work, below[ABOVE], below[WIDTH], batch)


@compiled
def descent(work: Any, layers: Any, activations: Any, inputs: Any, x: int, batch: int, shift: int) -> None:
    """From the gradient by the last outputs to those by all, and down along them."""
    for i in range(len(layers) - 1, 0, -1):
        layer, below = layers[i], layers[i - 1]
        backward(work, layer, below, batch)
        derive(work, below, activations[i - 1], batch)
        descend(work, layer, shift, work, below[ABOVE], below[WIDTH], batch)
        descend_back(work, layer, shift, below, batch)
    descend(work, layers[0], shift, inputs, x, layers[0, INPUTS], batch)


@compiled
def slow_down(work: Any, shift: int, momentum: float) -> None:
    """v ← momentum v."""
    for i in range(shift, 2 * shift, lanes(work)):
        store(work, i, load(work, i) * momentum)


@compiled
def follow(work: Any, shift: int, lr: float) -> None:
    """θ ← θ - lr v."""
    for i in range(0, shift, lanes(work)):
        store(work, i, load(work, i) - load(work, shift + i) * lr)


@compiled
def tick(
    work: Any, layers: Any, shift: int, activations: Any, inputs: Any, labels: Any, values: Any, t: int, batch: int,
    loss: int, lr: float, momentum: float,
) -> None:  # fmt: skip
    """One step of SGD on batch t; with a shift, the velocities lie there."""
    if shift:
        slow_down(work, shift, momentum)
    outputs(work, layers, activations, inputs, t * batch * layers[0, INPUTS], batch)
    last, scale = layers[len(layers) - 1], 1.0 if shift else -lr
    if loss == CROSS_ENTROPY:
        cross_entropy(work, last, labels, t * batch, batch, scale)
    else:
        square(work, last, values, t * batch * last[OUTPUTS], batch, scale)
    descent(work, layers, activations, inputs, t * batch * layers[0, INPUTS], batch, shift)
    if shift:
        follow(work, shift, lr)


def _entry(version: str) -> Any:
    """The compiled function; what it is made of is part of its key in the cache on the disk, where numba forgets it."""

    @numba.njit(cache=True, **HOW)
    def advance(
        states: Any, begins: Any, ticks: int, batch: int, inputs: Any, labels: Any, values: Any, work: Any,
        layers: Any, shift: int, activations: Any, loss: int, lr: float, momentum: float,
    ) -> None:  # fmt: skip
        """Rows of `states` through the batches from `begins` on, in place; all but states and layers is flat."""
        _ = version
        filling = -np.inf if loss == CROSS_ENTROPY else 0.0
        parts = 2 if shift else 1
        length = states.shape[1] // parts
        for s in range(len(states)):
            for part in range(parts):
                unpack(states[s], part * length, work, part * shift, layers, 0.0 if part else filling)
            for t in range(begins[s], ticks):
                tick(work, layers, shift, activations, inputs, labels, values, t, batch, loss, lr, momentum)
            for part in range(parts):
                pack(states[s], part * length, work, part * shift, layers)

    return advance


advance = _entry(sources())


def signature(dtype: Any) -> tuple[Any, ...]:
    """Of `advance` for float32 or float64."""
    number, flat, whole = numba.from_dtype(dtype), numba.from_dtype(dtype)[::1], numba.int64
    settings = (whole[:, ::1], whole, whole[::1], whole, numba.float64, numba.float64)
    return number[:, ::1], whole[::1], whole, whole, flat, whole[::1], flat, flat, *settings


def on_disk(dtype: Any) -> bool:
    """Whether numba's cache has `advance` for a type of numbers, made from these very sources for this processor."""
    try:
        cache = advance._cache
        return cache._index_key(signature(dtype), advance.targetctx.codegen()) in cache._cache_file._load_index()
    except AttributeError:  # numba has no public way to ask
        return False
