"""What all widgets of the course share: they are displayed by name, and closed whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import ipywidgets as W


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

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.view)


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
