"""What the order of two maps changes: exactly, and to second order in the learning rate."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.utils import _pytree as pytree

from revorder.pytrees import Tree, detach
from revorder.updates.keys import keyed
from revorder.updates.lie import lie_bracket, window_correction

__all__ = ["commutator", "lie_bracket", "window_correction"]


def commutator(update: Callable[..., Tree], state: Tree, batch_a: Tree, batch_b: Tree) -> Tree:
    """T_a(T_b(s)) - T_b(T_a(s)): how far apart two orders of two batches end.

    For small learning rates it is about `lie_bracket`, which has the same sign convention: the map named first is
    applied last.

    Args:
        update: `update(state, batch, key=None) -> state`; batch a has the key 0 and batch b the key 1.
        state: the state s both orders start from.
        batch_a, batch_b: the batches of T_a and T_b.

    Returns:
        The difference of the params of both states, where the update has `params`; else of the whole states.

    >>> halfway = lambda theta, x: theta - 0.5 * (theta - x)
    >>> commutator(halfway, torch.tensor(0.0), torch.tensor(1.0), torch.tensor(0.0))
    tensor(0.2500)
    """
    apply, params = keyed(update), getattr(update, "params", lambda state: state)
    b_first = apply(apply(state, batch_b, 1), batch_a, 0)
    a_first = apply(apply(state, batch_a, 0), batch_b, 1)
    return detach(pytree.tree_map(torch.sub, params(b_first), params(a_first)))
