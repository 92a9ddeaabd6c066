"""Timing single steps, for the choice among engines and widths."""

from __future__ import annotations

import timeit
from collections.abc import Callable
from typing import Any

import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import Tree


def shortest(call: Callable[[], Any]) -> float:
    """The shortest of three timings, in seconds, after one call to warm up."""
    return min(timeit.repeat(call, number=1, repeat=4)[1:])


def seconds_of(call: Callable[[], Any], like: Tree) -> float:
    """The time of a call, until the device of `like`, a tree of tensors, has done what it was told to."""
    return shortest(finished(call, like))


def finished(call: Callable[[], Any], like: Tree) -> Callable[[], None]:
    """A call that returns when the device of `like` has done what it was told to."""
    device = pytree.tree_leaves(like)[0].device

    def call_and_wait() -> None:
        call()
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    return call_and_wait
