"""What functions, classes and objects hold: the places where `bound.py` looks for values."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Iterable
from pathlib import PurePath
from typing import Any

import numpy as np

INSTALLED = {"site-packages", "dist-packages"}


def is_pythons(module: str) -> bool:
    """Whether a module comes with Python."""
    return module.partition(".")[0] in sys.stdlib_module_names


def is_librarys(code: Any) -> bool:
    """Whether a function or class is Python's, ours, or of an installed package, rather than a user's."""
    if is_pythons(code.__module__) or code.__module__.partition(".")[0] == "revorder":
        return True
    file = str(getattr(sys.modules.get(code.__module__), "__file__", None) or "")
    return not INSTALLED.isdisjoint(PurePath(file).parts)


def own_of(kind: type) -> dict[str, Any]:
    """What a class holds, but what Python puts there."""
    described = (types.GetSetDescriptorType, types.MemberDescriptorType)
    held = {name: value for name, value in vars(kind).items() if not isinstance(value, described)}
    kept = {name: value for name, value in held.items() if not _is_dunder(name) or inspect.isfunction(value)}
    return {name: getattr(value, "__func__", value) for name, value in kept.items()}


def _is_dunder(name: str) -> bool:
    return (name.startswith("__") and name.endswith("__")) or name.startswith("_abc_")


def attributes(thing: Any) -> dict[str, Any]:
    """What an object holds, in slots or not."""
    slots: Iterable[str] = (name for kind in type(thing).__mro__ for name in _slots(kind))
    found = {name: getattr(thing, name) for name in slots if hasattr(thing, name)}
    return found | {str(name): value for name, value in getattr(thing, "__dict__", {}).items()}


def _slots(kind: type) -> Iterable[str]:
    slots = vars(kind).get("__slots__", ())
    return [name for name in ([slots] if isinstance(slots, str) else slots) if name not in ("__dict__", "__weakref__")]


def array_of(thing: Any) -> Any:
    """A tensor or an array as an array; None for anything else, and for a tensor that NumPy cannot have."""
    torch = sys.modules.get("torch")  # who has no tensors needs no torch
    try:
        if torch is not None and isinstance(thing, torch.Tensor):
            flat = thing.detach().cpu().contiguous()
            wide = flat.float() if flat.dtype in (torch.bfloat16, torch.float16) else flat
            return wide.numpy()
        return np.asarray(thing) if isinstance(thing, np.ndarray | np.generic) else None
    except (TypeError, RuntimeError, NotImplementedError):
        return None


def in_cell(cell: types.CellType) -> Any:
    """What a function closes over; None where that is nothing yet."""
    try:
        return cell.cell_contents
    except ValueError:
        return None


def names_in(code: types.CodeType) -> set[str]:
    """All names that code, and the functions within it, may look up."""
    inner = [names_in(each) for each in code.co_consts if isinstance(each, types.CodeType)]
    return set(code.co_names).union(*inner)


def has_file(thing: types.FunctionType) -> bool:
    """Whether its text stands in a file."""
    return PurePath(thing.__code__.co_filename).suffix == ".py"


def typed(thing: types.FunctionType) -> str:
    """What somebody typed in a session; "" where that is not known."""
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):
        return ""
