"""Pictures that say in words what they show: every figure is displayed with its alt text."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

DPI = 96
LARGE = 78_000  # bytes; larger pictures are stored with a palette of 256 colours, which takes 50 ms
BLANK = 3  # pixels at the edge of a fast figure; more than the gaps between letters, so that no text slips through
# inches around the axes of fast figures, and between them: room for tick labels, axis labels, titles, and a suptitle
MARGINS = {"left": 0.8, "right": 0.2, "bottom": 0.55, "top": 0.65, "columns": 0.95, "rows": 0.85}


class Picture:
    """A rendered figure with alt text; notebooks display it as HTML, with PNG and plain text as fallbacks.

    A figure with a layout engine is laid out and cut to what is drawn. One without (`figure(fast=True)`) is drawn
    once, as it is, which takes less than half the time; only if its margins prove too narrow it is cut as well.
    """

    def __init__(self, figure: Figure, alt: str):
        png = (None if figure.get_layout_engine() else _drawn_once(figure)) or _cut(figure)
        self.png = png if len(png) <= LARGE else _with_fewer_colours(png)
        self.alt = alt

    @property
    def html(self) -> str:
        """An `<img>` element with the picture inside."""
        source = base64.b64encode(self.png).decode()
        return f'<img alt="{html.escape(self.alt)}" src="data:image/png;base64,{source}" style="max-width:100%">'

    def __repr__(self) -> str:
        return f"Picture: {self.alt}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        png = base64.b64encode(self.png).decode()
        return {"text/html": self.html, "image/png": png, "text/plain": repr(self)}


def figure(
    width: float = 7.0,
    height: float = 3.4,
    *,
    fast: bool = False,
    margins: Mapping[str, float] | None = None,
    **grid: Any,
) -> tuple[Figure, Any]:
    """A matplotlib figure with its axes, in inches, that belongs to no global state and so needs no closing.

    Args:
        width, height: of the whole figure.
        fast: for widgets: fixed margins instead of a layout solver, so that a redraw is quick and moves nothing.
        margins: of a fast figure, where they differ from `MARGINS`.
        grid: arguments of `Figure.subplots`, such as `ncols`.
    """
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), dpi=DPI, layout=None if fast else "constrained")
    axes = made.subplots(**grid)
    for ax in made.axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.25)
        if fast:
            # titles stand where they stand anyway; else every redraw measures all ticks, in case some are above
            ax.set_title = partial(ax.set_title, y=1.0)  # type: ignore[method-assign]  # of this one object only
            ax.set_title("")
    if fast:
        _place(made, {**MARGINS, **(margins or {})})
    return made, axes


def spoken(text: str) -> str:
    """HTML that is not seen, but read aloud when it changes; for widgets that answer a control only with a picture."""
    hidden = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"
    return f'<div role="status" style="{hidden}">{html.escape(text)}</div>'


def plain_log(*axes: Axis) -> None:
    """Few ticks in plain numbers on logarithmic axes that hold their data: minor ticks are slow to draw.

    Args:
        axes: such as `ax.yaxis`, after `ax.set_yscale("log")`.
    """
    from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

    for axis in axes:
        low, high = axis.get_view_interval()
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))


def _with_fewer_colours(png: bytes) -> bytes:
    from PIL import Image

    smaller = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256).save(smaller, format="png", optimize=True)
    return smaller.getvalue()


def _place(figure: Figure, inches: Mapping[str, float]) -> None:
    """Turn margins in inches into the fractions that matplotlib wants."""
    width, height = figure.get_size_inches()
    grid = figure.axes[0].get_gridspec()
    assert grid is not None  # the axes are subplots
    rows, columns = grid.get_geometry()
    across = (width - inches["left"] - inches["right"] - (columns - 1) * inches["columns"]) / columns
    down = (height - inches["bottom"] - inches["top"] - (rows - 1) * inches["rows"]) / rows
    figure.subplots_adjust(
        left=inches["left"] / width,
        right=1 - inches["right"] / width,
        bottom=inches["bottom"] / height,
        top=1 - inches["top"] / height,
        wspace=inches["columns"] / across,
        hspace=inches["rows"] / down,
    )


def _drawn_once(figure: Figure) -> bytes | None:
    """The whole canvas as PNG; none if something goes on beyond its edge."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    if _reaches_edge(pixels) or _loses_labels(figure):
        return None
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "png")
    return buffer.getvalue()


def _reaches_edge(pixels: np.ndarray) -> bool:
    edge = pixels[:BLANK], pixels[-BLANK:], pixels[:, :BLANK], pixels[:, -BLANK:]
    return any((side != 255).any() for side in edge)


def _loses_labels(figure: Figure) -> bool:
    """Whether an axis label lies beyond the edge, where it leaves no trace."""
    labels = [axis.label for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) if axis.label.get_text()]
    return any(not figure.bbox.contains(*label.get_window_extent().p0) for label in labels)


def _cut(figure: Figure) -> bytes:
    """What is drawn, inside the canvas or beyond it, as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, bbox_inches="tight", metadata={"Software": None})
    return buffer.getvalue()
