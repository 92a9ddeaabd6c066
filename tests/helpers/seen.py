"""What a reader sees of a figure, and how well: texts and marks from matplotlib's artists, contrasts, colour distances.

Colour blindness is simulated by Machado, Oliveira and Fernandes (2009) at severity 100, distances are those of
CAM02-UCS, where about 1 is just noticeable on large patches; both from `colorspacious`.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from colorspacious import cspace_convert
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.collections import Collection, PathCollection
from matplotlib.colors import to_rgba
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patheffects import Stroke

from revorder.plots.picture import Picture

WHITE = (1.0, 1.0, 1.0)
DEFICIENCIES = ("protanomaly", "deuteranomaly", "tritanomaly")


@contextmanager
def caught(*, draw=True):
    """A list that fills with (matplotlib figure, picture) as pictures are made; without `draw` they get no PNG."""
    made, plain = [], Picture.__init__

    def init(self, figure, alt):
        if draw:
            plain(self, figure, alt)
        else:
            self.png, self.alt = b"", alt
        made.append((figure, self))

    Picture.__init__ = init
    try:
        yield made
    finally:
        Picture.__init__ = plain


def luminance(rgb):
    """Relative luminance of WCAG 2.2, of colours (..., 3) in [0, 1]."""
    rgb = np.asarray(rgb, dtype=float)[..., :3]
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    """Contrast ratio of WCAG 2.2, from 1 to 21; (..., 3) and (..., 3) in [0, 1]."""
    light = np.stack(np.broadcast_arrays(luminance(one), luminance(other)))
    return (light.max(axis=0) + 0.05) / (light.min(axis=0) + 0.05)


def seen_by(rgb, eyes):
    """Colours (..., 3) as they are for "all", for a deficiency, or in "greyscale", in CAM02-UCS."""
    rgb = np.asarray(rgb, dtype=float)
    if eyes == "greyscale":
        light = luminance(rgb)[..., None]
        rgb = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055) * np.ones(3)
    elif eyes != "all":
        space = {"name": "sRGB1+CVD", "cvd_type": eyes, "severity": 100}
        rgb = np.clip(cspace_convert(rgb, space, "sRGB1"), 0, 1)
    return cspace_convert(rgb, "sRGB1", "CAM02-UCS")


def apart(one, other, eyes):
    return float(np.linalg.norm(seen_by(one, eyes) - seen_by(other, eyes)))


@dataclass(frozen=True)
class Text:
    """A drawn text: points (of its smallest letters), colour, and the pixels behind it (…, 3)."""

    said: str
    points: float
    bold: bool
    colour: tuple
    behind: np.ndarray


class Recorder(RendererAgg):
    """Draws everything but the texts, and keeps those."""

    def __init__(self, figure):
        width, height = figure.bbox.size
        super().__init__(width, height, figure.dpi)
        self.kept = []

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        small = 0.7 if ismath and ("_" in s or "^" in s) else 1.0  # mathematics shrinks what is raised or lowered
        bold = prop.get_weight() in ("bold", "semibold", "heavy", "black") or prop.get_weight() in range(600, 1001)
        wide, high, down = self.get_text_width_height_descent(s, prop, ismath)
        corners = np.array([[0, down - high], [wide, down - high], [0, down], [wide, down]])  # rows go down
        turned = corners @ [[np.cos(t := np.radians(angle)), -np.sin(t)], [np.sin(t), np.cos(t)]] + [x, y]
        box = *turned.min(axis=0), *turned.max(axis=0)
        self.kept.append((s, small * prop.get_size_in_points(), bold, gc.get_rgb(), box))


def texts(figure):
    """All texts that are drawn, with what is behind them."""
    drawn = Recorder(figure)
    figure.draw(drawn)
    pixels = np.asarray(drawn.buffer_rgba())[..., :3] / 255
    found = []
    for said, points, bold, colour, (x0, y0, x1, y1) in drawn.kept:
        (left, right), (top, bottom) = ((max(0, int(low)), max(0, int(end) + 1)) for low, end in ((x0, x1), (y0, y1)))
        behind = pixels[top:bottom, left:right].reshape(-1, 3)
        behind = behind if len(behind) else np.array([WHITE])  # beyond the canvas, which is then cut larger
        found.append(Text(said, points, bold, over(colour, behind.mean(axis=0)), behind))
    return found


def over(colour, ground=WHITE, alpha=None):
    """A colour that may be translucent, on its background."""
    *rgb, opacity = to_rgba(colour, alpha) if alpha is not None else to_rgba(colour)
    return tuple(opacity * np.array(rgb) + (1 - opacity) * np.asarray(ground))


@dataclass(frozen=True)
class Mark:
    """A line, markers, or an area: its colours, and everything about it but colour.

    Attributes:
        name: from its label or the legend.
        colours: all visible ones; the first has the highest contrast with the background.
        kind: "line", "markers", "line with markers" or "area".
        dash, marker, filled, hatch: what else tells it apart.
        width: of a line, in points.
        rows: y of its points.
    """

    name: str
    colours: tuple
    kind: str
    dash: tuple = ()
    marker: str = ""
    filled: bool = True
    hatch: str = ""
    width: float = 0.0
    rows: frozenset = frozenset()

    def differs(self, other):
        """Whether a reader without colours could tell them apart."""
        form = [(m.kind, m.dash, m.marker, m.filled, m.hatch) for m in (self, other)]
        widths = sorted((self.width, other.width))
        return form[0] != form[1] or widths[1] >= 2 * widths[0] > 0


def _mark(name, colours, *, ground=WHITE, **form):
    visible = {c for c in colours if contrast(c, ground) > 1.02}
    return Mark(name, tuple(sorted(visible, key=lambda c: -contrast(c, ground))), **form) if visible else None


def _strokes(artist):
    """Width and colour of the outlines around a line."""
    return [(e._gc["linewidth"], e._gc["foreground"]) for e in artist.get_path_effects() or [] if isinstance(e, Stroke)]


def _of_line(line):
    dashes, marker = line._unscaled_dash_pattern[1], line.get_marker()
    drawn = line.get_linestyle() not in ("None", "none", " ", "") and line.get_linewidth() > 0
    marked = marker not in (None, "None", "none", " ", "")
    strokes = _strokes(line)
    alpha, face, edge = line.get_alpha(), line.get_markerfacecolor(), line.get_markeredgecolor()
    colours = [over(c, alpha=alpha) for _, c in strokes] or [over(line.get_color(), alpha=alpha)] * drawn
    if marked:
        shown = [face] * (str(face) != "none") + [edge] * (line.get_markeredgewidth() > 0 and str(edge) != "none")
        colours += [over(c, alpha=alpha) for c in shown]
    filled = marked and str(face) != "none" and contrast(over(face), WHITE) > 1.02
    kind = " with ".join(["line"] * drawn + ["markers"] * marked)
    rows = frozenset(np.round(np.asarray(line.get_ydata(), dtype=float), 9).tolist())
    width = max([w for w, _ in strokes], default=line.get_linewidth()) if drawn else 0.0
    form = {"dash": tuple(dashes or ()) if drawn else (), "marker": str(marker) if marked else ""}
    return _mark(line.get_label(), colours, kind=kind, filled=filled, width=width, rows=rows, **form)


def _of_collection(made):
    faces, edges = ([over(c) for c in each] for each in (made.get_facecolor(), made.get_edgecolor()))
    if not max(made.get_linewidth(), default=0):
        edges = []
    filled = any(contrast(c, WHITE) > 1.02 for c in faces)
    if isinstance(made, PathCollection):
        shape = str([np.round(path.vertices, 3).tolist() for path in made.get_paths()])
        form = {"kind": "markers", "marker": shape, "rows": frozenset(np.round(made.get_offsets()[:, 1], 9).tolist())}
    elif len(faces):
        form = {"kind": "area", "hatch": made.get_hatch() or ""}
    else:
        dashes = made._us_linestyles[0][1]
        form = {"kind": "line", "dash": tuple(dashes or ()), "width": max(made.get_linewidth())}
        edges += [over(colour) for _, colour in _strokes(made)]
    return _mark(made.get_label(), {*faces, *edges}, filled=filled, **form)


def _of_patch(patch):
    face, edge = patch.get_facecolor(), patch.get_edgecolor()
    colours = [over(face)] * (patch.get_fill()) + [over(edge)] * (patch.get_linewidth() > 0)
    filled = bool(patch.get_fill()) and contrast(over(face), WHITE) > 1.02
    return _mark(patch.get_label(), colours, kind="area", hatch=patch.get_hatch() or "", filled=filled)


def mark(artist):
    """What it looks like; None for what cannot be seen."""
    if not artist.get_visible():
        return None
    if isinstance(artist, Line2D):
        return _of_line(artist)
    return _of_collection(artist) if isinstance(artist, Collection) else _of_patch(artist)


def marks(axes):
    """All lines, markers and areas of axes that show data; not its frame, grid and legend."""
    arrows = [text.arrow_patch for text in axes.texts if getattr(text, "arrow_patch", None)]
    found = [mark(artist) for artist in (*axes.lines, *axes.collections, *axes.patches, *arrows)]
    return [each for each in found if each]


def legends(figure):
    """For each legend its entries, as marks with their names."""
    made = [zip(each.legend_handles, each.get_texts(), strict=True) for each in figure.findobj(Legend)]
    return [[(text.get_text(), mark(handle)) for handle, text in entries] for entries in made]


def named_by_row(axes, one, other):
    """Whether both lie on rows of their own whose ticks have names, as in a dot plot."""
    named = {round(float(at), 9) for at, text in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
             if not text.get_text().replace(".", "").replace("−", "").isdigit() and text.get_text()}  # fmt: skip
    return all(each.rows and each.rows <= named for each in (one, other)) and not one.rows & other.rows


def confusable(axes):
    """Pairs of marks in one pair of axes that differ in nothing but colour."""
    return [(a, b) for a, b in itertools.combinations(marks(axes), 2)
            if a.colours[0] != b.colours[0] and not a.differs(b) and not named_by_row(axes, a, b)]  # fmt: skip
