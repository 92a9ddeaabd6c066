"""Where everything about one state lies while it advances: one flat array, one row of whole numbers for each layer.

The weight of a layer lies in strips: a strip holds as many outputs as make a vector, and for these all inputs, one
vector after the other, as forward needs them. Backward needs the same with inputs and outputs exchanged; all layers
but the first are held in both ways. Widths are filled up to whole lines of the cache, which are whole strips, however
long a processor's vectors are; the outputs that fill them up have weights 0.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

# of each layer: how many inputs and outputs; the latter with what fills up the last line; then where in the array lie:
# weight in strips of outputs, weight in strips of inputs, bias, outputs (batch, width), gradients by them
INPUTS, OUTPUTS, WIDTH, AHEAD, BACK, BIAS, ABOVE, GRADIENT = range(8)

LINE = 64  # bytes of a line of the cache, and of the longest vectors

Numbers = np.ndarray[Any, np.dtype[Any]]


@cache
def layout(sizes: tuple[int, ...], batch: int, line: int, momentum: bool) -> tuple[Numbers, int, int]:
    """(a row for each layer, how many numbers are parameters, how many there are in all); velocities come second.

    A `line` is so many numbers.
    """
    widths = [-(-size // line) * line for size in sizes]
    rows = np.zeros((len(sizes) - 1, 8), np.int64)
    end = 0
    for row, inputs, outputs, narrow, width in zip(rows, sizes, sizes[1:], widths, widths[1:], strict=False):
        back = 0 if row is rows[0] else narrow * outputs
        row[:6] = inputs, outputs, width, end, end + inputs * width, end + inputs * width + back
        end = row[BIAS] + width
    parameters, end = int(end), int(end) * (1 + momentum)
    for row in rows:
        row[ABOVE], row[GRADIENT] = end, end + batch * row[WIDTH]
        end += 2 * batch * int(row[WIDTH])
    return rows, parameters, end


def aligned(count: int, dtype: Any) -> Numbers:
    """Zeros that begin where a line of the cache does: vectors across two lines take twice as long."""
    held = np.zeros(count + LINE // np.dtype(dtype).itemsize, dtype)
    first = -held.ctypes.data % LINE // held.itemsize
    return held[first : first + count]
