"""The two steps of perceptrons that take many batches at once: in torch, and, with the extra `fast`, by numba."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import Any

import numpy as np
import torch

from revorder.engines.fused import Fused
from revorder.engines.memory import MOST_LANES
from revorder.engines.perceptrons import Perceptron
from revorder.fast import run as kernel
from revorder.planning.plan import Plan

CALL, RATE = 5e-5, 2.5e10  # seconds of a tick in torch besides its arithmetic, and operations per second
DTYPES = (torch.float32, torch.float64)

_spent: defaultdict[torch.dtype, float] = defaultdict(float)  # seconds that this process has been in `Windows`


class Windows:
    """Some ticks at a time, by `Fused.window`."""

    name = ""

    def __init__(self, perceptron: Perceptron):
        self.fused = Fused(perceptron)

    def advance(self, leaves: list[torch.Tensor], inputs: torch.Tensor, targets: torch.Tensor, begins: Any) -> None:
        """See `SpanKernel`."""
        began = time.perf_counter()
        for first in range(0, len(begins), MOST_LANES):
            block = slice(first, first + MOST_LANES)
            self._block([leaf[block] for leaf in leaves], inputs, targets, begins[block])
        _spent[leaves[0].dtype] += time.perf_counter() - began

    def _block(self, leaves: list[torch.Tensor], inputs: torch.Tensor, targets: torch.Tensor, begins: Any) -> None:
        tick = int(begins[0])
        while tick < len(inputs):
            lanes = int(np.searchsorted(begins, tick, side="right"))
            until = int(begins[lanes]) if lanes < len(begins) else len(inputs)
            self.fused.window([leaf[:lanes] for leaf in leaves], inputs[tick:until], targets[tick:until])
            tick = until


class Fast:
    """All ticks at once, block of states by block of states, by a kernel of numba."""

    def __init__(self, perceptron: Perceptron):
        self.perceptron, self.threads = perceptron, torch.get_num_threads()
        self.name = f"numba, {self.threads} thread{'s'[: self.threads > 1]}"

    def advance(self, leaves: list[torch.Tensor], inputs: torch.Tensor, targets: torch.Tensor, begins: Any) -> None:
        """See `SpanKernel`."""
        arrays = [leaf.numpy() for leaf in leaves]
        kernel.advance(self.perceptron, arrays, inputs.numpy(), targets.numpy(), begins, self.threads)


def kernels_for(
    perceptron: Perceptron, like: torch.Tensor, plan: Plan, fast: bool | None, seeds: int
) -> list[Windows | Fast]:
    """The steps for a run, the preferred one first; `like` is a leaf of the start.

    `fast` None takes numba where its first call, which compiles or loads what was compiled, is paid back: by this run,
    or by what this process has run already, as a widget does.

    Raises:
        ValueError: `fast` is asked for, but there is no numba, or it cannot do this.
    """
    usable = like.device.type == "cpu" and like.dtype in DTYPES and fast is not False and kernel.available()
    if fast and not usable:
        raise ValueError("fast: got True, but numba is missing or cannot be used here; install revorder[fast], or "
                         "leave fast out")  # fmt: skip
    pays = fast or (usable and _saves(perceptron, _seconds(perceptron, plan, seeds), like.dtype))
    return [*[Fast(perceptron)] * bool(pays), Windows(perceptron)]


def _saves(perceptron: Perceptron, seconds: float, dtype: torch.dtype) -> bool:
    """Whether numba's first call is shorter than what torch would have taken until then; else it is not imported."""
    seconds += _spent[dtype]
    name = str(dtype).removeprefix("torch.")
    return kernel.is_ready(name) or (seconds > kernel.LEAST and seconds > kernel.first_call_seconds(perceptron, name))


def _seconds(perceptron: Perceptron, plan: Plan, seeds: int) -> float:
    """About what a run takes in torch."""
    sizes = perceptron.sizes
    products = [a * b for a, b in zip(sizes[:-1], sizes[1:], strict=True)]
    operations = 8 * 2 * (2 * products[0] + 3 * sum(products[1:]))  # of a batch of 8
    return seeds * (plan.launches * CALL + plan.cost * operations / RATE)
