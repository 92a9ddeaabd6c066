"""Composition orders as configurations name them: those of the package, and those that a person has registered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from revorder.experiments.own import NUMBERED, OURS, Own, check_known, find, need
from revorder.orders import Order, order


@dataclass(frozen=True, eq=False)
class Named:
    """An order of somebody's own under the text by which a configuration has it.

    Attributes:
        text: what results and figures call it.
        own: the order.
    """

    text: str
    own: Order = field(repr=False)

    def word(self, n: int) -> tuple[int, ...]:
        """The word of step n."""
        return tuple(self.own.word(n))

    def __str__(self) -> str:
        return self.text


_made: dict[tuple[Own, str], Named] = {}  # an order is made once, since plans are kept by it


def text_of(text: Any) -> str:
    """The text of an order in the form in which configurations keep it.

    Raises:
        ValueError: an unknown order.
        TypeError: no text.
    """
    if not isinstance(text, str):
        return text_of(str(order(text)))
    if _head(text) in OURS["order"]:
        return str(order(text))
    if find("order", _head(text)) is None:
        check_known("order", _head(text))
        return text.strip()
    return str(order_of(text))


def order_of(text: str) -> Order:
    """The order that a configuration names.

    Raises:
        ValueError: nobody has registered it, or it cannot be made.
        TypeError: what was registered makes no order.
    """
    text, head = text.strip(), _head(text)
    if head in OURS["order"]:
        return order(text)
    own = need("order", head)
    if (own, text) not in _made:
        _made[own, text] = Named(text, _make(own, text))
    return _made[own, text]


def _head(text: str) -> str:
    """The name without a number; "backward" and "study.py:OddEven" have none."""
    text = text.strip()
    if text.partition(":")[0] in OURS["order"]:
        return text.partition(":")[0]
    numbered = NUMBERED.fullmatch(text)
    return numbered[1] if numbered else text


def _make(own: Own, text: str) -> Order:
    numbered = NUMBERED.fullmatch(text)
    thing: Any = own.thing
    if not isinstance(thing, type) and isinstance(thing, Order):
        if numbered:
            raise ValueError(f"orders: got {text!r}, but {own.name!r} takes no number; write {own.name!r}")
        return thing
    make: Callable[..., Any] = thing
    try:
        made = make(*([int(numbered[2])] if numbered else []))
    except TypeError as error:
        raise ValueError(f"orders: {text!r} cannot be made by {own} ({error})") from error
    if isinstance(made, type) or not isinstance(made, Order):
        raise TypeError(f"orders: {own}, which is {own.name!r}, made {made!r}, but an order has word(n)")
    return made
