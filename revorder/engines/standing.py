"""What a trace of a loss depends on besides tensors: values that its functions read, and attributes of its modules."""

from __future__ import annotations

import inspect
import types
from typing import Any

import torch

from revorder.updates.modules import ModuleLoss

SIMPLE = (int, float, complex, str, type(None), torch.dtype, torch.device)
FIXED = (types.FunctionType, types.BuiltinFunctionType, types.ModuleType, type)


def standing_of(loss: ModuleLoss) -> tuple[Any, ...] | None:
    """These values, as a key for traces that are kept; None if something else might change meanwhile.

    Then a trace is for one run only.
    """
    held = loss.held
    found = [
        (name, value) for part in held.modules() for name, value in vars(part).items() if isinstance(value, SIMPLE)
    ]
    read = [
        type(part).forward for part in held.modules() if not type(part).__module__.startswith(("torch.", "revorder."))
    ]
    read += [each for each in (held.criterion, held.how) if each is not None and not isinstance(each, torch.nn.Module)]
    for function in read:
        names = _names(function)
        if names is None or any(not isinstance(value, SIMPLE + FIXED) for value in names.values()):
            return None
        found += [(name, value if isinstance(value, SIMPLE) else id(value)) for name, value in names.items()]
    return tuple(found)


def _names(function: Any) -> dict[str, Any] | None:
    """What a function reads by names from outside, as far as that can be seen."""
    if inspect.isbuiltin(function) or str(getattr(function, "__module__", "")).startswith("torch."):
        return {"": function}
    if not inspect.isfunction(function):
        return None
    seen = inspect.getclosurevars(function)
    return {**seen.globals, **seen.nonlocals}
