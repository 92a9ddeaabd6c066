"""Updates of two arguments and of three: `key` says which randomness is the batch's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch

from revorder.pytrees import Tree
from revorder.showing import LINE, cut


def takes_key(update: Callable[..., Tree]) -> bool:
    """Whether to call `update(state, batch, key=key)` or `update(state, batch)`; TypeError if neither works."""
    if isinstance(update, torch.nn.Module):
        raise TypeError(
            f"update: got the module {type(update).__name__}, but it must be a function update(state, batch); make "
            "one by loss, params = module_loss(model, criterion) and sgd(loss, lr)"
        )
    if not callable(update):
        raise TypeError(
            f"update: got {cut(repr(update), LINE)}, but it must be a function update(state, batch, key=None) -> state"
        )
    try:
        signature = inspect.signature(update)
    except ValueError:  # a function written in C
        return False
    for keywords in ({"key": None}, {}):
        try:
            signature.bind(None, None, **keywords)
            return bool(keywords)
        except TypeError:
            pass
    raise TypeError(f"update: it takes {signature}, but it must accept (state, batch) or (state, batch, key=None)")


def keyed(update: Callable[..., Tree]) -> Callable[[Tree, Tree, Any], Tree]:
    """An update as a function of (state, batch, key), also where it takes no key."""
    if takes_key(update):
        return lambda state, batch, key: update(state, batch, key=key)
    return lambda state, batch, key: update(state, batch)
