"""A state as its layers hold it, flat, to and from how `layout` lays it out."""

from __future__ import annotations

from typing import Any

from revorder.fast.compiler import compiled
from revorder.fast.layout import AHEAD, BACK, BIAS, INPUTS, OUTPUTS, WIDTH
from revorder.fast.vectors import lanes

BLOCK = 64  # rows of a strip that are filled lane by lane, while they stay in the nearest cache


@compiled
def fill(work: Any, at: int, rows: int, width: int, state: Any, first: int, outs: int, step: int, stride: int) -> None:
    """W[d, k] of strips is state[first + k·step + d·stride] for k < outs, and 0 beyond."""
    few = lanes(work)
    for c in range(0, width, few):
        for block in range(0, rows, BLOCK):
            for k in range(c, c + few):
                for d in range(block, min(block + BLOCK, rows)):
                    value = state[first + k * step + d * stride] if k < outs else 0.0
                    work[at + c * rows + d * few + k - c] = value


@compiled
def unpack(state: Any, first: int, work: Any, shift: int, layers: Any, filling: float) -> None:
    """From a state's numbers, from the first on; `filling` is the bias of last outputs that are not there."""
    for i in range(len(layers)):
        layer = layers[i]
        rows, outs, width = layer[INPUTS], layer[OUTPUTS], layer[WIDTH]
        fill(work, layer[AHEAD] + shift, rows, width, state, first, outs, rows, 1)
        if i:
            fill(work, layer[BACK] + shift, outs, layers[i - 1, WIDTH], state, first, rows, 1, rows)
        first += outs * rows
        beyond = filling if i == len(layers) - 1 else 0.0
        for k in range(width):
            work[layer[BIAS] + shift + k] = state[first + k] if k < outs else beyond
        first += outs


@compiled
def pack(state: Any, first: int, work: Any, shift: int, layers: Any) -> None:
    """The way back."""
    few = lanes(work)
    for i in range(len(layers)):
        layer = layers[i]
        rows, outs = layer[INPUTS], layer[OUTPUTS]
        for block in range(0, rows, BLOCK):
            for k in range(outs):
                strip = layer[AHEAD] + shift + k // few * few * rows + k % few
                for d in range(block, min(block + BLOCK, rows)):
                    state[first + k * rows + d] = work[strip + d * few]
        first += outs * rows
        for k in range(outs):
            state[first + k] = work[layer[BIAS] + shift + k]
        first += outs
