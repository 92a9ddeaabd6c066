"""Functions of others, called with those arguments that their signatures name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

from revorder.orders import Order

OFFERED = {"model": ("shape", "classes", "width", "seed"), "dataset": ("directory",)}  # by keyword
POSITIONS = {"loss": 2, "metric": 2}  # outputs and targets
PARAMS = ["params"]  # the one argument of a metric of the parameters
DEEP = 100  # wrappers and partials around one function
ARGUMENT = {"model": "make", "dataset": "load", "order": "order", "loss": "criterion", "metric": "function"}


def check(kind: str, thing: Any) -> None:
    """Raise TypeError unless what is to be registered can be called as its kind is."""
    if kind == "order" and not isinstance(thing, type) and isinstance(thing, Order):
        return
    if not callable(thing):
        raise TypeError(f"{ARGUMENT[kind]}: got {thing!r}, but it must be a function, or a class")
    if kind in OFFERED:
        _check_names(kind, thing)
    elif kind in POSITIONS and not of_params(thing):
        _check_positions(kind, thing)


def of_params(function: Any) -> bool:
    """Whether a metric is one of the parameters."""
    return [name for name, one in _parameters(function).items() if one.default is one.empty] == PARAMS


def call(kind: str, thing: Any, offered: Mapping[str, Any]) -> Any:
    """Call it with what it names of what is offered, and what nobody has bound: a `functools.partial` keeps its own."""
    parameters, taken = _parameters(thing), bound(thing)
    every = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    asked = {name: value for name, value in offered.items() if every or name in parameters}
    return thing(**{name: value for name, value in asked.items() if name not in taken})


def bound(thing: Any) -> set[str]:
    """Names of parameters that somebody has bound, by a partial, a partial of one, or one behind a wrapper."""
    found: set[str] = set()
    named: set[str] = set()  # of wrappers, which pass on what they like
    for _ in range(DEEP):
        if isinstance(thing, functools.partial):
            places = [name for name, one in _parameters(thing.func).items() if one.kind is one.POSITIONAL_OR_KEYWORD]
            found |= ({*thing.keywords, *places[: len(thing.args)]}) - named
            thing = thing.func
        elif (wrapped := getattr(thing, "__wrapped__", None)) is not None:
            named |= inspect.signature(thing, follow_wrapped=False).parameters.keys()
            thing = wrapped
    return found


def _check_names(kind: str, thing: Any) -> None:
    offered = OFFERED[kind]
    for name, one in _parameters(thing).items():
        if one.kind is one.POSITIONAL_ONLY or (
            one.default is one.empty and name not in offered and not _takes_any(one)
        ):
            raise TypeError(
                f"{ARGUMENT[kind]}: {thing!r} asks for {name!r}, but what it can be given, by keyword, is "
                f"{', '.join(offered)}"
            )


def _check_positions(kind: str, thing: Any) -> None:
    try:
        inspect.signature(thing).bind(*range(POSITIONS[kind]))
    except TypeError as error:
        takes = "outputs and targets" + (", or of params alone" if kind == "metric" else "")
        raise TypeError(f"{ARGUMENT[kind]}: {thing!r} must be a function of {takes} ({error})") from error
    except ValueError:  # it has no signature that Python knows
        return


def _takes_any(one: inspect.Parameter) -> bool:
    return one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD)


def _parameters(thing: Any) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(thing).parameters
    except (TypeError, ValueError):  # built in, without a signature
        return {}
