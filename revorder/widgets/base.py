"""What all widgets of the course share: they are displayed by name, and closed whole."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import ipywidgets as W

from revorder.plots.picture import Picture


class Explorer:
    """A widget of the course.

    Attributes:
        view: the box with everything, to be displayed; an explorer that ends a cell displays itself.
    """

    view: W.Box

    def close(self) -> None:
        """Take the widget off the page and free what it holds; it cannot be displayed again."""
        for part in list(inside(self.view)):
            for look in (part.layout, getattr(part, "style", None)):
                if isinstance(look, W.Widget):
                    look.close()
            part.unobserve_all()
            part.close()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The widget, and the picture that it shows now for readers without a kernel: GitHub, print, static pages."""
        bundle = self.view._repr_mimebundle_(**kwargs)
        picture: Picture | None = getattr(self, "picture", None)
        return {**bundle, **(picture._repr_mimebundle_() if picture else {})}


@contextmanager
def busy(sign: W.HTML, *parts: W.DOMWidget, said: str) -> Iterator[None]:
    """While the kernel works, `sign` says so and what is out of date is dimmed; afterwards all is as it was."""
    sign.value = f"<style>.revorder-busy {{ opacity: 0.35 }}</style><b>◌ {html.escape(said)}</b>"
    for part in parts:
        part.add_class("revorder-busy")
    try:
        yield
    finally:
        sign.value = ""
        for part in parts:
            part.remove_class("revorder-busy")


def row(*parts: W.Widget) -> W.Box:
    """Parts next to each other; where the window is too narrow for that, below each other."""
    return W.HBox(parts, layout=W.Layout(flex_flow="row wrap"))


def side_by_side(*columns: Sequence[W.Widget]) -> W.Box:
    """Columns of controls as a `row`."""
    return row(*(W.VBox(column) for column in columns))


def inside(part: W.Widget) -> Iterator[W.Widget]:
    """A box and everything in it, in the order in which it is seen."""
    yield part
    for child in getattr(part, "children", ()):
        yield from inside(child)
