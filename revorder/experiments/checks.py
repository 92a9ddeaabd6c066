"""Checks of single fields of a configuration. Their errors name the field, what it got and what is accepted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from revorder.errors import did_you_mean, whole

MOST_THREADS = 1024


def known(given: Iterable[str], fields: Sequence[str]) -> None:
    """Raise ValueError unless all given names are names of fields."""
    for name in given:
        if name not in fields:
            hint = did_you_mean(name, fields)
            raise ValueError(f"{name}: there is no such field; the fields are {', '.join(fields)}{hint}")


def one_of(field: str, value: Any, accepted: Sequence[str]) -> None:
    """Raise ValueError unless the value is one of the accepted ones."""
    if value not in accepted:
        hint = did_you_mean(str(value), accepted)
        raise ValueError(f"{field}: got {value!r}, but it must be one of {', '.join(accepted)}{hint}")


def count(field: str, value: Any, most: int, least: int = 1) -> None:
    """Raise unless the value is a whole number from `least` to `most`."""
    whole(field, value, least)
    if value > most:
        raise ValueError(f"{field}: got {value}, but at most {most} is accepted")


def flag(field: str, value: Any) -> None:
    """Raise TypeError unless the value is true or false."""
    if not isinstance(value, bool):
        raise TypeError(f"{field}: got {value!r}, but it must be true or false")


def number(field: str, value: Any, *, zero: bool) -> None:
    """Raise unless the value is a finite number above 0, or 0 where `zero` accepts it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{field}: got {value!r}, but it must be a number")
    if not abs(value) < math.inf or value < 0 or (value == 0 and not zero):
        raise ValueError(f"{field}: got {value}, but it must be finite and {'>= 0' if zero else '> 0'}")
