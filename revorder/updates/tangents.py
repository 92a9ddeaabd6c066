"""Jacobians times vectors, by torch's forward mode."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch

from revorder.pytrees import Tree


def jvp(function: Callable[[Tree], Tree], at: Tree, vector: Tree) -> Tree:
    """J v, the derivative of a function at a point along v; `v` and `at` are alike, J v is as the function's value.

    At its first use forward mode compiles something with torch.jit, of which newer releases of torch warn. Nobody who
    asks for a derivative can do anything about it, so this one warning is not passed on.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"`torch\.jit\.")
        return torch.func.jvp(function, (at,), (vector,))[1]
