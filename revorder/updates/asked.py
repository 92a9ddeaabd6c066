"""What is asked of a module, its criterion, its batches and the names of its tensors; errors name the argument."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import torch

from revorder.errors import did_you_mean
from revorder.pytrees import Named, Tree
from revorder.showing import LINE, cut

SAY_HOW = "say what the loss of a batch is: forward=lambda model, batch: criterion(model(batch['x']), batch['y'])"


def check(model: Any, criterion: Any, forward: Any) -> None:
    """Raise TypeError or ValueError unless a loss can be made of a module and what its loss is."""
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model: got {cut(repr(model), LINE)}, but it must be a torch.nn.Module")
    if (criterion is None) == (forward is None):
        got = "neither" if criterion is None else "both"
        raise TypeError(f"criterion, forward: got {got}, but one of them must say what the loss of a batch is")
    for name, value in (("criterion", criterion), ("forward", forward)):
        if value is not None and not callable(value):
            raise TypeError(f"{name}: got {cut(repr(value), LINE)}, but it must be a function that returns a loss")
    for name, function in (("criterion", criterion), ("forward", forward)):
        if _uses(function, model):
            raise ValueError(
                f"{name}: it uses the module itself, but a copy of it is trained; take it from the argument, as in "
                "forward=lambda model, batch: ..."
            )
    for name, param in model.named_parameters():
        if isinstance(param, torch.nn.UninitializedParameter):
            raise ValueError(f"model: parameter {name!r} has no shape yet; run the module once on a batch first")
        if param.requires_grad and not param.is_floating_point():
            raise TypeError(
                f"model: parameter {name!r} is {param.dtype}, but what is trained must be real and of floating point; "
                "freeze it (requires_grad_(False)), or hold complex numbers as two real tensors"
            )


def uncopied(model: torch.nn.Module) -> str:
    """What to do about a module that cannot be copied: name what it computed and kept."""
    kept = [
        f"{name}.{attribute}".lstrip(".")
        for name, module in model.named_modules()
        for attribute, value in vars(module).items()
        if isinstance(value, torch.Tensor) and not value.is_leaf
    ]
    return f"delete or detach what it computed and kept: {', '.join(kept)}" if kept else "replace the part that cannot"


def _uses(function: Any, model: torch.nn.Module) -> bool:
    """Whether a function, method or object reaches the module, a part or a parameter of it by a name from outside."""
    parts = {id(part) for part in [*model.modules(), *model.parameters()]}
    return any(id(value) in parts for value in _reached(function))


def _reached(function: Any) -> list[Any]:
    if isinstance(function, functools.partial):
        given = [*function.args, *function.keywords.values()]
        return [*given, *_reached(function.func)]
    if inspect.ismethod(function):
        return [function.__self__, *vars(function.__self__).values(), *_reached(function.__func__)]
    if inspect.isfunction(function):
        seen = inspect.getclosurevars(function)
        return [*seen.nonlocals.values(), *seen.globals.values()]
    if isinstance(function, torch.nn.Module) or not hasattr(function, "__dict__"):
        return []  # a module's parameters are found as such
    return [*vars(function).values(), *_reached(type(function).__call__)]


def pair(batch: Tree) -> tuple[Any, Any]:
    """The inputs and targets of a batch. TypeError: it is no pair."""
    if isinstance(batch, tuple | list) and len(batch) == 2:
        return batch[0], batch[1]
    got = f"a dict with the keys {', '.join(map(str, batch))}" if isinstance(batch, dict) else type(batch).__name__
    if isinstance(batch, tuple | list):
        got = f"a {got} of {len(batch)}"
    raise TypeError(f"batches: got {got}, but a criterion needs pairs (inputs, targets); {SAY_HOW}")


def check_names(argument: str, given: Named, known: Named, needed: list[str]) -> None:
    """Raise unless tensors have names and shapes that are known, and none that is needed is missing."""
    if not isinstance(given, dict):
        raise TypeError(f"{argument}: got {type(given).__name__}, but it must be a dict of tensors by name")
    for name in given:
        if name not in known:
            hint = did_you_mean(str(name), known)
            raise ValueError(f"{argument}: got {name!r}, but the module has {', '.join(known) or 'none'}{hint}")
        if given[name].shape != known[name].shape:
            got, own = tuple(given[name].shape), tuple(known[name].shape)
            raise ValueError(f"{argument}[{name!r}]: got shape {got}, but the module's has {own}")
    missing = [name for name in needed if name not in given]
    if missing:
        raise ValueError(f"{argument}: {missing[0]!r} is missing; the module has {', '.join(needed)}")


def same(given: Named, own: Named) -> bool:
    """Whether the given parameters are the module's own, as far as can be seen (not on the meta device)."""
    pairs = [(given[name], own[name]) for name in given]
    if any(a.is_meta or b.is_meta for a, b in pairs):
        return True
    return all(torch.equal(a.detach().to(b), b.detach()) for a, b in pairs)
