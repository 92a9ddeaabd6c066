"""Pictures that say in words what they show: every figure is displayed with its alt text."""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from revorder.plots.design import design
from revorder.plots.drawing import DPI, drawn_once, few_colours, inches_of, labelled, png_of, saved, svg_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

SHOWN = 110  # pixels of a page for an inch, at most: 9 points are then 14 pixels, about the size of the text around
SHARP, QUICK = 2.0, 1.5  # scales of PNG files for screens with dense pixels: of figures that stay, and of widgets'
SMALL = 70_000  # bytes of an SVG that is shown in any case; a larger one only if it is smaller than the sharp PNG
LEAST, MOST = 5e-5, 5e5  # beyond them numbers on axes are powers of ten
# inches around the axes of fast figures, and between them: room for tick labels, axis labels, titles, and a suptitle
MARGINS = {"left": 0.8, "right": 0.2, "bottom": 0.55, "top": 0.65, "columns": 0.95, "rows": 0.85}


class Picture:
    """A figure with alt text; notebooks display it as HTML with a sharp SVG, with PNG and plain text as fallbacks.

    It is drawn when it is first looked at, and once, unless somebody has been given its axes. A figure with a layout
    engine is laid out and cut to what is drawn; one without (`figure(fast=True)`) is drawn as it is.

    Attributes:
        alt: what it shows, in words.
    """

    _figure: Figure | None = None
    _open = False  # whether somebody has the axes, and may change them at any time

    def __init__(self, figure: Figure, alt: str):
        self._figure, self.alt = figure, alt

    @property
    def axes(self) -> list[Axes]:
        """The axes of the figure, for who wants to change them; what is shown later follows."""
        for drawn in ("png", "svg", "html", "_stays"):
            vars(self).pop(drawn, None)
        self._open = True
        return self._made.axes

    @property
    def _made(self) -> Figure:
        assert self._figure is not None
        return self._figure

    @drawn_once
    def png(self) -> bytes:
        """The picture as a PNG file with 96 dots per inch and few colours."""
        return few_colours(png_of(self._made))

    @drawn_once
    def svg(self) -> bytes:
        """The picture as an SVG file, its letters as outlines."""
        width = self._made.get_figwidth()
        fits = self._made.get_layout_engine() is None and round(width * DPI) == round(inches_of(self.png) * DPI)
        return svg_of(self._made, whole=fits)

    @drawn_once
    def html(self) -> str:
        """An `<img>` element with the picture inside; of a fast figure one that is made quickly."""
        if self._figure is None:
            return self._image(self.png, 1)
        return self._image(png_of(self._figure, QUICK), QUICK) if not self._figure.get_layout_engine() else self._stays

    @drawn_once
    def _stays(self) -> str:
        """The element for pages that are stored: the smaller one of SVG and a sharp PNG."""
        if len(self.svg) <= SMALL:
            return self._image(self.svg)
        sharp = few_colours(png_of(self._made, SHARP))
        return self._image(self.svg) if len(self.svg) <= len(sharp) else self._image(sharp, SHARP)

    def _image(self, picture: bytes, scale: float = 1.0) -> str:
        kind = "png" if picture.startswith(b"\x89PNG") else "svg+xml"
        source, width = base64.b64encode(picture).decode(), round(SHOWN * inches_of(picture, scale))
        return (
            f'<img alt="{html.escape(self.alt)}" class="revorder-picture" src="data:image/{kind};base64,{source}" '
            f'style="width:100%;max-width:{width}px">'
        )

    def save(self, path: str | Path) -> Path:
        """Write the picture into a file, whose name ends in .pdf, .svg or .png (192 dots per inch); returns its path.

        What it shows in words goes along: as the subject of a PDF, the label of an SVG, the description of a PNG. Fonts
        are embedded in PDFs (as TrueType) and outlines in SVGs. The same figure gives the same bytes: there is no date.

        Raises:
            ValueError: another ending.
        """
        path = Path(path)
        ways = {
            ".pdf": lambda: saved(self._made, "pdf", Subject=self.alt),
            ".svg": lambda: labelled(self.svg, self.alt),
            ".png": lambda: few_colours(png_of(self._made, SHARP), self.alt),
        }
        if path.suffix.lower() not in ways:
            raise ValueError(f"path: got {path.name!r}, but the name must end in {', '.join(ways)}")
        path.write_bytes(ways[path.suffix.lower()]())
        return path

    def __repr__(self) -> str:
        return f"Picture: {self.alt}"

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        png = base64.b64encode(self.png).decode()
        shown = self.html if self._figure is None else self._stays
        return {"text/html": shown, "image/png": png, "text/plain": repr(self)}


def figure(
    width: float = 8.0,
    height: float = 3.6,
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

    made = Figure(figsize=(width, height), dpi=DPI, facecolor="white", layout=None if fast else "constrained")
    axes = made.subplots(**grid)
    design(made, fast=fast)
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
        powers = high > 100 * low and (low < LEAST or high > MOST)
        axis.set_major_formatter(_as_power if powers else StrMethodFormatter("{x:g}"))


def _as_power(value: float, position: float) -> str:
    return power_of_ten(value)


def power_of_ten(value: float) -> str:
    """Such as 10⁻³, for a tick at a power of ten; without the slow typesetting of mathematics."""
    return "10" + str(round(math.log10(value))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


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
