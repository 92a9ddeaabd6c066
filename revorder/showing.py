"""The ground: how plans, runs and data show themselves, in one line and, in a notebook, as a small table.

A notebook shows the last value of a cell, and errors and debuggers show values too. So what is shown is short whatever
the value holds, is found quickly, and needs no torch: tensors are only asked for their shape and dtype.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np

Facts = Mapping[str, object]  # what is said of a value, the most important first; None is left out
LINE, PART, CELL = 200, 40, 240  # characters: of a whole line, of one fact in it, of one fact in a table
FEW = 4  # so few checkpoints are listed
ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


class Shown:
    """What shows itself by its `_facts`: a `repr` of one line, and a table in a notebook.

    A dataclass needs `repr=False`, else it writes its own.
    """

    def _facts(self) -> Facts:
        raise NotImplementedError

    def __repr__(self) -> str:
        return line(type(self).__name__, self._facts())

    def _repr_html_(self) -> str:
        return table(type(self).__name__, self._facts())


class ShownByFields(Shown):
    """A dataclass that shows its fields."""

    def _facts(self) -> Facts:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]


def line(kind: str, facts: Facts) -> str:
    """Such as "Plan: order backward; checkpoints 1, 5; …"; 200 characters at most."""
    said = "; ".join(f"{name} {cut(value, PART)}" for name, value in facts.items() if value is not None)
    return cut(f"{kind}: {said}", LINE)


def table(kind: str, facts: Facts) -> str:
    """The same as HTML, with all texts escaped; it names no colours, so that it is readable in every theme."""
    left = 'style="text-align:left"'
    rows = "".join(
        f'<tr><th scope="row" {left}>{html.escape(name)}</th><td {left}>{html.escape(cut(value, CELL), quote=False)}'
        "</td></tr>"
        for name, value in facts.items()
        if value is not None
    )
    caption = f'<caption style="caption-side:top;text-align:left">{html.escape(kind)}</caption>'
    return f"<table>{caption}{rows}</table>"


def cut(value: object, most: int) -> str:
    """A value as text in one line of so many characters, the last one "…" if there were more."""
    text = f"{value:,}" if type(value) is int else " ".join(name_of(value).split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def name_of(thing: object) -> str:
    """What to call an order, an update or a function: its text, unless that is where it lies in memory.

    Then it is its own name, as a function has one, or that of its class. So an order that is a plain class with
    `word(n)` is called by its class.

    >>> class OddEven: ...
    >>> name_of(OddEven()), name_of(len), name_of(line), name_of("backward")
    ('OddEven', '<built-in function len>', 'line', 'backward')
    """
    if isinstance(thing, str):
        return thing
    try:
        text = str(thing)
    except Exception:  # to be named must not fail, whatever a learner's own class does; its name will do
        text = ""
    if text and not ADDRESS.search(text):
        return text
    return str(getattr(thing, "__name__", type(thing).__name__))


def span(steps: Sequence[int]) -> str:
    """Checkpoints: a few of them one by one, more by their number and their ends.

    >>> span([4, 2, 4]), span(range(1, 501))
    ('n = 4, 2, 4', '500 from n = 1 to 500')
    """
    if len(steps) > FEW:
        return f"{len(steps):,} from n = {min(steps)} to {max(steps)}"
    return f"n = {', '.join(str(n) for n in steps)}" if len(steps) else "none"


def shapes(leaves: Iterable[tuple[str, Any]], lead: int = 0) -> str:
    """What tensors hold, as (name, tensor): how many numbers, and all shapes without their `lead` leading axes.

    >>> shapes([("", np.zeros((100, 3)))], lead=1)
    '(3,) float64'
    >>> shapes([("['a']", np.zeros(3)), ("['b']", np.zeros((2, 2)))])
    "2 tensors of 7 numbers: ['a'] (3,) float64, ['b'] (2, 2) float64"
    """
    named = list(leaves)
    said = [f"{name} {_shape(leaf, lead)}".strip() for name, leaf in named]
    if len(said) < 2:
        return "".join(said) or "nothing"
    numbers = sum(math.prod(leaf.shape[lead:]) for _, leaf in named if hasattr(leaf, "shape"))
    return f"{len(said)} tensors of {numbers:,} numbers: {', '.join(said)}"


def _shape(leaf: Any, lead: int) -> str:
    if not hasattr(leaf, "shape") or not hasattr(leaf, "dtype"):
        return cut(leaf, PART)
    return f"{tuple(leaf.shape[lead:])} {str(leaf.dtype).removeprefix('torch.')}"


def latest(metrics: Mapping[str, Any]) -> str | None:
    """The last value of every metric; where it has one for each seed, their mean. None if there is no metric.

    >>> latest({"loss": np.array([0.5, 0.25]), "θ": np.array([[1.0, 2.0]])})
    'loss 0.25, θ 1.5 on average'
    """
    return ", ".join(f"{name} {_last(values)}" for name, values in metrics.items()) or None


def _last(values: Any) -> str:
    end = np.asarray(values, dtype=float)[-1:].ravel()
    return f"{end.mean():.4g}{' on average' if end.size > 1 else ''}" if end.size else "not measured"
