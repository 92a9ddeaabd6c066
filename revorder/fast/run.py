"""Many states of a perceptron through the ticks of a span, by the compiled kernel, on several threads.

numba is imported when it is first needed. Where it is missing or has failed, `available` is False, and `why_not` says
why.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

import numpy as np

from revorder.fast.layout import LINE, aligned, layout

ACTIVATIONS = {"relu": 0, "tanh": 1}
LOSSES = {"cross-entropy": 0, "square": 1}
IGNORED = -100  # the target that cross-entropy ignores
LEAST, LOADING, COMPILING = 1.0, 0.4, 8.0  # seconds: importing numba and loading; loading from its cache; compiling
TOGETHER, PARTS = 1 << 20, 4  # a thread takes this many bytes of states at once, and some more than once

Numbers = np.ndarray[Any, np.dtype[Any]]


class Kind(Protocol):
    """A perceptron: widths of its layers, input first; what lies between; its loss; its step of SGD."""

    @property
    def sizes(self) -> tuple[int, ...]: ...
    @property
    def activations(self) -> tuple[str, ...]: ...
    @property
    def loss(self) -> str: ...
    @property
    def lr(self) -> float: ...
    @property
    def momentum(self) -> float: ...


class Unavailable(RuntimeError):
    """There is no kernel here: numba is missing, or has failed."""


_failures: list[str] = []  # the first one counts
_ready: dict[Any, Any] = {}  # type of numbers -> what was compiled for it


def available() -> bool:
    """Whether numba is installed and has not failed yet; imports nothing."""
    return not _failures and importlib.util.find_spec("numba") is not None


def why_not() -> str | None:
    """What keeps the kernel from being used; None where nothing is known to."""
    return None if available() else [*_failures, "numba is not installed"][0]


def is_ready(dtype: Any) -> bool:
    """Whether this process has called the kernel for a type of numbers; imports nothing."""
    return np.dtype(dtype) in _ready


def first_call_seconds(kind: Kind, dtype: Any) -> float:
    """About how much longer the first call takes than later ones, for float32 or float64: the same for every kind.

    To answer, it imports numba. Runs that take less than `LEAST` anyway need not ask.
    """
    if is_ready(dtype):
        return 0.0
    try:
        return LOADING if _kernel().on_disk(np.dtype(dtype)) else COMPILING
    except Unavailable:
        return math.inf


def prepare(dtype: Any) -> bool:
    """Compile the kernel for float32 or float64, or load it from disk; whether there is one."""
    try:
        _compiled(np.dtype(dtype))
    except Unavailable:
        return False
    return True


def advance(
    kind: Kind, leaves: list[Numbers], inputs: Numbers, targets: Numbers, begins: Numbers, threads: int
) -> None:
    """Take each state s through the batches begins[s], begins[s] + 1, … to the last, in place.

    Args:
        leaves: weight (S, out, in) and bias (S, out) of each layer in turn; with momentum, the same again for v. The
            leading axis may be strided.
        inputs: (T, B, …) of the leaves' type, `sizes[0]` numbers for each example.
        targets: (T, B) whole numbers, or (T, B, C) for the square loss.
        begins: (S,) ticks, in any order; a state that begins at T stays.
        threads: how many states advance at a time.

    Raises:
        Unavailable: there is no kernel here.
        ValueError: a shape is wrong, or a target is no class.
    """
    begins = np.asarray(begins, np.int64)
    _check(kind, leaves, inputs, targets, begins)
    dtype, states = leaves[0].dtype, len(begins)
    compiled = _compiled(dtype)
    if not (states and len(targets)):
        return
    some = partial(_advance, compiled, kind, leaves, *_span(kind, inputs, targets, dtype), begins)
    order = np.argsort(begins, kind="stable")  # the longest first, so that threads end together
    few = max(1, min(TOGETHER * states // sum(leaf.nbytes for leaf in leaves), states // (PARTS * threads)))
    groups = [order[i : i + few] for i in range(0, states, few)]
    if threads == 1 or len(groups) == 1:
        for group in groups:
            some(group)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, groups))


def _kernel() -> Any:
    """The module that needs numba."""
    with _noting_failures():
        from revorder.fast import kernel

        return kernel


def _compiled(dtype: Any) -> Any:
    """The kernel for a type of numbers; it is compiled once."""
    if dtype not in _ready:
        kernel = _kernel()
        with _noting_failures():
            kernel.advance.compile(kernel.signature(dtype))
        _ready[dtype] = kernel.advance
    return _ready[dtype]


@contextmanager
def _noting_failures() -> Iterator[None]:
    """Whatever numba, LLVM or the disk's cache raise is noted, and makes the kernel unavailable for good."""
    if not available():
        raise Unavailable(why_not())
    try:
        yield
    except Exception as error:
        _failures.append(f"{type(error).__name__}: {error}")
        raise Unavailable(_failures[0]) from error


def _span(kind: Kind, inputs: Numbers, targets: Numbers, dtype: Any) -> tuple[tuple[int, int], tuple[Numbers, ...]]:
    """(ticks, examples in a batch) and, flat and of the kernel's types: inputs, labels, targets that are numbers."""
    labels, values = (targets, targets[:0, :0]) if kind.loss == "cross-entropy" else (targets[:0, :0], targets)
    arrays = [(inputs, dtype), (labels, np.dtype(np.int64)), (values, dtype)]
    return targets.shape[:2], tuple(np.require(array, kept, ["C", "A", "W"]).reshape(-1) for array, kept in arrays)


def _advance(
    compiled: Any, kind: Kind, leaves: list[Numbers], sizes: tuple[int, int], data: tuple[Numbers, ...],
    begins: Numbers, rows: Numbers,
) -> None:  # fmt: skip
    """Some of the states, by way of flat rows."""
    dtype, at = leaves[0].dtype, 0
    layers, parameters, numbers = layout(kind.sizes, sizes[1], LINE // dtype.itemsize, bool(kind.momentum))
    work, shift = aligned(numbers, dtype), parameters if kind.momentum else 0
    activations = np.array([ACTIVATIONS[name] for name in kind.activations], np.int64)
    settings = LOSSES[kind.loss], float(kind.lr), float(kind.momentum)
    flat = np.concatenate([leaf[rows].reshape(len(rows), -1) for leaf in leaves], 1)
    compiled(flat, begins[rows], *sizes, *data, work, layers, shift, activations, *settings)
    for leaf in leaves:
        end = at + leaf[0].size
        leaf[rows] = flat[:, at:end].reshape(len(rows), *leaf.shape[1:])
        at = end


def _check(kind: Kind, leaves: list[Numbers], inputs: Numbers, targets: Numbers, begins: Numbers) -> None:
    """Refuse what the kernel, which checks no index, would read or write beyond an array's end."""
    states = len(begins)
    shapes = [
        shape for i, o in zip(kind.sizes, kind.sizes[1:], strict=False) for shape in ((states, o, i), (states, o))
    ]
    if [leaf.shape for leaf in leaves] != shapes * (2 if kind.momentum else 1):
        raise ValueError(f"leaves of shapes {[leaf.shape for leaf in leaves]} are no states of {kind}")
    if leaves[0].dtype not in (np.float32, np.float64) or len({leaf.dtype for leaf in leaves}) > 1:
        raise ValueError(f"leaves must all be float32 or all float64, not {[str(leaf.dtype) for leaf in leaves]}")
    wanted = inputs.shape[:2] + (() if kind.loss == "cross-entropy" else (kind.sizes[-1],))
    if targets.shape != wanted or inputs.size != inputs.shape[0] * inputs.shape[1] * kind.sizes[0]:
        raise ValueError(
            f"inputs of shape {inputs.shape} and targets of shape {targets.shape} are no batches of {kind}"
        )
    classes = targets[targets != IGNORED] if kind.loss == "cross-entropy" else targets[:0]
    if classes.size and not 0 <= classes.min() <= classes.max() < kind.sizes[-1]:
        raise ValueError(f"targets must be classes from 0 to {kind.sizes[-1] - 1}, or {IGNORED}")
    if states and begins.min() < 0:
        raise ValueError(f"a state cannot begin at tick {begins.min()}")
