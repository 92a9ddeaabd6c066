"""How lines look, so that no two of one figure look the same to anyone: colours, dashes, markers and their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike

Style = dict[str, Any]  # keyword arguments of matplotlib's `plot`

#: Okabe and Ito's palette, told apart by colour-blind readers; every line also has a dash pattern of its own.
#: Its light colours are left out: a line needs a contrast of 3:1 with white (WCAG 1.4.11). Brown and purple are ours.
STYLES: list[Style] = [
    {"color": "#D55E00", "linestyle": "-"},
    {"color": "#0072B2", "linestyle": (0, (5, 1.5))},
    {"color": "#009E73", "linestyle": (0, (1, 1))},
    {"color": "#CC79A7", "linestyle": (0, (4, 1, 1, 1))},
]
BROWN, PURPLE = "#803808", "#600068"
# the palette goes on, for figures with more lines than the course compares
MORE: list[Style] = [
    {"color": BROWN, "linestyle": (0, (8, 2))},
    {"color": PURPLE, "linestyle": (0, (3, 1, 1, 1, 1, 1))},
    {"color": "#000000", "linestyle": (0, (2, 2))},
]
MARKERS = "os^Dv<P"
HATCHES = ("//", "\\\\", "..", "||", "--", "xx", "++")  # of bands about lines, in the order of the palette
PALETTE: list[Style] = [{**style, "marker": marker} for style, marker in zip(STYLES + MORE, MARKERS, strict=True)]
OWN = {"forward": 0, "backward": 1}  # orders with a look of their own in every figure
REFERENCE = "0.35"  # lines to compare with; dark enough for everyone to tell from the palette
SPACED = 0.12  # of the diagonal of the axes: markers that only tell lines apart are that far from each other


def look(number: int, palette: Sequence[Style] = PALETTE, *, marked: bool = True) -> Style:
    """The style of line `number` of a figure, counted from 0; no two numbers have the same marker and dashes.

    When the colours have been used up, they come again with other markers; when those have been used up, too, the
    marker is the line's number, counted from 1.

    Args:
        number: of the line, or of all that belongs to one name.
        palette: styles with a marker each, all different in everything.
        marked: whether every point gets a marker. Else lines have none as long as they differ without, and then a few.
    """
    again, place = divmod(number, len(palette))
    style = dict(palette[place])
    if again:
        shifted = MARKERS.index(style["marker"]) + again
        style["marker"] = MARKERS[shifted % len(MARKERS)] if again < len(MARKERS) else f"${number + 1}$"
    if not marked:
        style |= {"markevery": SPACED, "markersize": 5 if again < len(MARKERS) else 9} if again else {"marker": None}
    return style


def band(ax: Axes, x: Sequence[float], low: ArrayLike, high: ArrayLike, number: int) -> None:
    """Draw a pale band about line `number`, whose outline has the line's colour and dashes, with a hatch of its own."""
    own, again = look(number), number // len(PALETTE)
    outline = {"edgecolor": own["color"], "linestyle": own["linestyle"], "linewidth": 0.7}
    hatch = HATCHES[number % len(HATCHES)] * (1 + again)
    drawn = ax.fill_between(x, low, high, facecolor=(own["color"], 0.15), hatch=hatch, **outline)
    if hasattr(drawn, "set_hatch_linewidth"):  # since matplotlib 3.11
        drawn.set_hatch_linewidth(0.4)


def dot(number: int, palette: Sequence[Style] = PALETTE) -> Style:
    """Colour and marker number `number`, for points without a line: no two numbers have the same marker."""
    own = look(number, palette)
    return {"color": own["color"], "marker": own["marker"] if number < len(palette) else f"${number + 1}$"}


def numbers(names: Sequence[str]) -> dict[str, int]:
    """Name -> number of its look: the one of forward is 0 and that of backward 1, wherever they stand; others follow.

    So an order has one colour in all figures in which it is compared with forward and backward, and no other order
    has theirs. Of several runs of forward, such as "forward (1)" and "forward (2)", the first one has its look.
    """
    found: dict[str, int] = {}
    for name in names:
        own = OWN.get(name.split(" (")[0])
        found[name] = own if own is not None and own not in found.values() else -1
    following = iter(range(len(OWN), len(OWN) + len(names)))
    return {name: next(following) if number < 0 else number for name, number in found.items()}


def looks(names: Sequence[str], palette: Sequence[Style] = PALETTE, *, marked: bool = True) -> dict[str, Style]:
    """Name -> its `look`, in the order of the names; from the palette of orders each takes its own of `numbers`."""
    places = numbers(names) if palette is PALETTE else {name: number for number, name in enumerate(names)}
    return {name: look(number, palette, marked=marked) for name, number in places.items()}


def wide_line(colour: str = REFERENCE, filling: str = "0.9", width: float = 5.0) -> Style:
    """A wide light line between two thin dark ones: it stands out from white, and what is drawn on it from it.

    Args:
        colour: of the thin lines.
        width: in points, of all together.
    """
    from matplotlib.patheffects import Normal, Stroke

    outline = [Stroke(linewidth=width, foreground=colour), Normal()]
    return {"color": filling, "linewidth": width - 1.6, "path_effects": outline}
