"""What the arithmetic alone would take: the machine's speed, and the operations of an evaluation."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from tasks import Task

MIB = 2**20


def peaks() -> dict[str, float]:
    """Floating-point operations and bytes a second, as measured: products of matrices, and a copy in memory."""
    return {"float32": _fma(torch.float32), "float64": _fma(torch.float64), "bandwidth": _bandwidth()}


def _fma(dtype: torch.dtype) -> float:
    """The best of several sizes; a multiplication and an addition count as two."""
    best = 0.0
    for size in (256, 384, 512, 768, 1024):
        left, right, made = (torch.ones(size, size, dtype=dtype) for _ in range(3))
        best = max(best, 2 * size**3 / _shortest(lambda a=left, b=right, c=made: torch.mm(a, b, out=c)))
    return best


def _bandwidth() -> float:
    """Of a copy that no cache holds; what is read and what is written both count."""
    source = torch.ones(64 * MIB)
    target = torch.zeros_like(source)
    return 2 * source.numel() * source.element_size() / _shortest(lambda: target.copy_(source))


def _shortest(call: Callable[[], object], seconds: float = 0.3) -> float:
    call()
    times, began = [], time.perf_counter()
    while time.perf_counter() - began < seconds:
        before = time.perf_counter()
        call()
        times.append(time.perf_counter() - before)
    return min(times)


def flops(task: Task) -> int:
    """Of an evaluation of T that makes its step; 0 with convolutions, which are not counted.

    The products of forward, of the weights' gradient and, above the first layer, of the inputs' gradient.
    """
    if task.convolves:
        return 0
    layers = [part for part in task.model.modules() if isinstance(part, torch.nn.Linear)]
    examples = task.batches.index.shape[1]
    products = sum((3 if i else 2) * layer.weight.numel() for i, layer in enumerate(layers))
    return 2 * examples * products
