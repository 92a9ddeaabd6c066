"""Models, data sets, orders, losses and metrics that a person has registered, by name.

Nothing is imported here: a name in a configuration is looked up, and refused where nobody has registered it. Code comes
in by Python's own `import` of whoever calls `register_model` and its like, or by `revorder.experiments.bring`.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from revorder import orders
from revorder.errors import did_you_mean
from revorder.experiments.choices import CHOICES
from revorder.experiments.sources import Source

FIELDS = {"model": "model", "dataset": "dataset", "orders": "order", "loss": "loss", "metrics": "metric"}  # -> kind
OURS: dict[str, tuple[str, ...]] = {
    "model": CHOICES["model"], "dataset": CHOICES["dataset"], "loss": CHOICES["loss"], "order": tuple(orders.NAMES),
    "metric": (),
}  # fmt: skip
ANY = "code"  # the kind of what was brought as "study.py:OddEven": whatever the field needs that it is written in
NAME = re.compile(r"\w[\w.-]{0,63}")
LABEL = re.compile(r"(?!\.)[^/\\:\x00-\x1f\x7f\ud800-\udfff]{1,100}")  # results are kept under it
READ = re.compile(r"[^/\\:\x00-\x1f\x7f]{0,255}")  # what earlier versions accepted, as far as it leads nowhere else
TEXT = re.compile(r"\w[\w.-]{0,99}:[^\W\d]\w{0,99}")  # a file or module, and a name in it
NUMBERED = re.compile(r"(.+):(\d{1,18})", re.ASCII)


@dataclass(frozen=True, eq=False)
class Own:
    """Something that a person registered.

    Attributes:
        kind: "model", "dataset", "order", "loss" or "metric"; or `ANY`.
        name: what configurations call it.
        thing: the function, class or object.
        source: where it comes from.
    """

    kind: str
    name: str
    thing: Any
    source: Source

    def __str__(self) -> str:
        return f"{self.source.name} of {self.source.file or 'a session'}"


entries: dict[tuple[str, str], Own] = {}
_reading: ContextVar[bool] = ContextVar("reading", default=False)


def keep(own: Own, replace: bool = False) -> None:
    """Keep it, unless its name belongs to something else.

    Raises:
        ValueError: it does, and `replace` is not set.
    """
    before = entries.get((own.kind, own.name))
    if before is not None and _are_one(before, own):
        return
    if before is not None and not replace:
        raise ValueError(
            f"name: {own.name!r} is registered already, as {before}, and this is another {own.kind}, {own}; choose "
            "another name, or pass replace=True"
        )
    entries[own.kind, own.name] = own


def _are_one(a: Own, b: Own) -> bool:
    """Whether they are the same thing: one object, or what the same text made again, as a cell that is run twice."""
    if a.thing is b.thing or a.source != b.source or a.source.sha256 is None:
        return a.thing is b.thing
    if isinstance(a.thing, type):
        return isinstance(b.thing, type)  # of one name, in one text
    if isinstance(a.thing, types.FunctionType) and isinstance(b.thing, types.FunctionType):
        return a.thing.__code__ == b.thing.__code__ and not a.thing.__closure__
    try:
        return bool(vars(a.thing) == vars(b.thing))
    except (TypeError, RuntimeError, ValueError):  # no dictionary, or one of tensors or arrays
        return False


def registered() -> dict[str, list[str]]:
    """Kind -> the names that are registered, in the order in which they were."""
    found: dict[str, list[str]] = {kind: [] for kind in FIELDS.values()}
    for kind, name in entries:
        found.setdefault(kind, []).append(name)
    return {kind: names for kind, names in found.items() if names}


def find(kind: str, name: str) -> Own | None:
    """What is registered under a name, or was brought as such a text."""
    return entries.get((kind, name)) or entries.get((ANY, name))


def used(config: Any) -> list[Own]:
    """What a configuration needs of what is registered.

    Raises:
        ValueError: something that it names is not; the message says what, and how to bring it.
    """
    every = named(config)
    lost = [(kind, name) for kind, name in every if find(kind, name) is None]
    if lost:
        others = "".join(f", {kind} {name!r}" for kind, name in lost[1:])
        raise ValueError(missing(*lost[0]) + (f". Missing besides{others[1:]}" if others else ""))
    found = [need(kind, name) for kind, name in every]
    return list({(own.kind, own.name): own for own in found}.values())


def named(config: Any) -> list[tuple[str, str]]:
    """(kind, name) of all that a configuration names and this package has not."""
    found = []
    for field, kind in FIELDS.items():
        value = getattr(config, field)
        for text in [value] if isinstance(value, str) else value:
            numbered = NUMBERED.fullmatch(text) if kind == "order" else None
            found.append((kind, numbered[1] if numbered else text))
    return [(kind, name) for kind, name in found if name not in OURS[kind]]


def need(kind: str, name: str) -> Own:
    """What is registered under a name.

    Raises:
        ValueError: nothing is; the message says how to bring it.
    """
    own = find(kind, name)
    if own is None:
        raise ValueError(missing(kind, name))
    return own


def known(kind: str) -> tuple[str, ...]:
    """All names of a kind: ours, and those that are registered."""
    return (*OURS[kind], *(name for own, name in entries if own in (kind, ANY)))


def missing(kind: str, name: str) -> str:
    """Why there is no such thing, and what to do."""
    field = next(field for field, each in FIELDS.items() if each == kind)
    text = str(name)
    if TEXT.fullmatch(text):
        return (
            f"{field}: got {text!r}, which is code, and no configuration or result folder imports code. If you trust "
            f"it, give it yourself: --import {text} with its folder, or revorder.experiments.bring({text!r}) in Python"
        )
    return (
        f"{field}: got {name!r}, but it must be one of {', '.join(known(kind))}, or your own, once the file that "
        f"registers it was run, by --import FILE or, in Python, by revorder.experiments.bring(FILE)"
        f"{did_you_mean(text, known(kind))}"
    )


@contextmanager
def unknown_accepted() -> Iterator[None]:
    """Within it, configurations may name what is not registered here: they are looked at, and not run."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def check_known(kind: str, name: Any) -> None:
    """Raise ValueError unless the name is known, or one that could be, where that is enough."""
    if isinstance(name, str) and (name in OURS[kind] or find(kind, name)):
        return
    could_be = isinstance(name, str) and (NAME.fullmatch(name) or TEXT.fullmatch(name))
    if not (could_be and _reading.get()):
        raise ValueError(missing(kind, name))


def check_label(field: str, value: Any) -> None:
    """Raise unless a value can be a part of a folder's name, wherever a configuration comes from.

    Raises:
        TypeError: it is no text.
        ValueError: it has other characters, such as those that lead to another folder.
    """
    if not isinstance(value, str):
        raise TypeError(f"{field}: got {value!r}, but it must be a text")
    if not (READ if _reading.get() else LABEL).fullmatch(value):
        shown = value if len(value) < 100 else f"{value[:100]}…"
        raise ValueError(
            f"{field}: got {shown!r}, but it may have no '/', '\\', ':' or control character, begin with '.', or "
            "have more than 100 characters: a folder is named so"
        )
