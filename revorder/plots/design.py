"""The look that all figures share: letters, axes, titles and legends, for pages on which a figure is as wide as text.

Sizes are in points: 9 of them are as large as the text of a notebook. Nothing is set for matplotlib as a whole.
"""

from __future__ import annotations

from functools import partial
from textwrap import fill
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

INK, MUTED = "#1f2328", "#59636e"  # of titles and names; of axes, which matter less. Both are readable on white
SPINE, GRID = "#8c959f", "#e6e8eb"
HEADLINE, PANEL, LETTERS, SMALL = 10.5, 9.5, 9.0, 8.5  # the message, titles of panels, labels, ticks
LETTER = 0.084  # inches: at least the mean width of a letter of the message
LEFT_EDGE = 0.012  # of the figure: where its message begins
LEGEND: dict[str, Any] = {"frameon": False, "fontsize": LETTERS, "title_fontsize": LETTERS, "labelcolor": INK,
                          "alignment": "left", "handletextpad": 0.6}  # fmt: skip
ABOVE: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (-0.02, 0.99), "borderaxespad": 0.2,
                         "columnspacing": 1.2, "handletextpad": 0.5}  # fmt: skip  # a legend over its axes
BESIDE: dict[str, Any] = {"loc": "center left", "bbox_to_anchor": (1.01, 0.5)}  # and one at their right


def design(figure: Figure, *, fast: bool) -> None:
    """Give a figure and its axes the common look; what is asked of a title or a legend later goes before it."""
    _prefer(figure, "suptitle", x=LEFT_EDGE, ha="left", fontweight="bold", fontsize=HEADLINE, color=INK)
    _wrap(figure)
    _prefer(figure, "legend", **LEGEND)
    for ax in figure.axes:
        _design_axes(ax)
        # titles stand where they stand anyway; else every redraw measures all ticks, in case some are above
        place = {"y": 1.0} if fast else {}
        _prefer(ax, "set_title", loc="left", fontsize=PANEL, fontweight="normal", color=INK, **place)
        if fast:
            ax.set_title("")
            ax.set_title("", loc="center")


def _design_axes(ax: Axes) -> None:
    ax.set_facecolor("white")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["bottom", "left"]].set(color=SPINE, linewidth=0.8)
    ax.grid(color=GRID, linewidth=0.8, alpha=1)
    ax.set_axisbelow(True)
    ax.tick_params(which="both", length=3, width=0.8, pad=3, color=SPINE, labelcolor=MUTED, labelsize=SMALL)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set(color=MUTED, fontsize=LETTERS)
    _prefer(ax, "legend", **LEGEND)
    _prefer(ax, "text", fontsize=SMALL, color=INK)


def _wrap(figure: Figure) -> None:
    """Break messages that are wider than the figure."""
    plain, most = figure.suptitle, int(figure.get_figwidth() / LETTER)

    def suptitle(t: str, **options: Any) -> Text:
        return plain("\n".join(fill(line, most) for line in t.split("\n")), **options)

    figure.suptitle = suptitle  # type: ignore[method-assign]  # of this one object only


def _prefer(artist: Figure | Axes, method: str, **options: Any) -> None:
    """Other defaults for a method of this one artist."""
    setattr(artist, method, partial(getattr(artist, method), **options))
