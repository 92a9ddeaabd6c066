"""From a matplotlib figure to bytes: PNG as sharp as wanted, SVG as small as it can be, PDF for papers."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from revorder.plots.svg import shortened

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

DPI = 96  # of pictures at scale 1
COLOURS = 64  # of a palette: lines, letters, and the steps at their soft edges
WHITE, PALE = (255, 255, 255), 250  # paper stays white: the soft edges nearest to it do not tint it
BLANK = 3  # pixels at the edge of a fast figure; more than the gaps between letters, so that no text slips through
# letters as outlines, so that they look the same everywhere; the same bytes each time
SAVED: Any = {"svg.fonttype": "path", "svg.hashsalt": "revorder", "path.simplify_threshold": 0.2, "pdf.fonttype": 42}
UNDATED = {"svg": ("Date", "Creator", "Format", "Type"), "pdf": ("CreationDate",), "png": ("Software",)}


def png_of(figure: Figure, scale: float = 1.0) -> bytes:
    """The figure as an opaque PNG of `scale` × 96 dots per inch.

    A figure with a layout engine is laid out and cut to what is drawn. One without is drawn once, as it is, which takes
    less than half the time; only if its margins prove too narrow it is cut as well.
    """
    return (None if figure.get_layout_engine() else _drawn_once(figure, scale)) or saved(figure, "png", scale=scale)


def saved(figure: Figure, kind: str, *, scale: float = 1.0, whole: bool = False) -> bytes:
    """What is drawn, inside the canvas or beyond it, as "png", "svg" or "pdf"; or the whole canvas."""
    from matplotlib import rc_context

    buffer, box = io.BytesIO(), None if whole else "tight"
    with rc_context(SAVED):
        figure.savefig(buffer, format=kind, dpi=scale * DPI, bbox_inches=box, metadata=dict.fromkeys(UNDATED[kind]))
    return buffer.getvalue()


def few_colours(png: bytes) -> bytes:
    """The same picture with a palette, which takes a third of the bytes, and some time."""
    from PIL import Image

    smaller, image = io.BytesIO(), Image.open(io.BytesIO(png)).convert("RGB")
    found = image.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = [tuple((found.getpalette() or [])[i : i + 3]) for i in range(0, 3 * COLOURS, 3)]
    found.putpalette([part for colour in palette for part in (WHITE if min(colour, default=0) >= PALE else colour)])
    found.save(smaller, format="png", optimize=True)
    return smaller.getvalue()


def inches_of(picture: bytes, scale: float = 1.0) -> float:
    """The width of a PNG that was drawn at `scale`, or of an SVG."""
    if picture.startswith(b"\x89PNG"):
        return int.from_bytes(picture[16:20], "big") / (scale * DPI)
    found = re.search(rb'width="([\d.]+)pt"', picture)
    return float(found[1]) / 72 if found else 0.0


def svg_of(figure: Figure, *, whole: bool) -> bytes:
    """The figure as SVG in few bytes; pictures within it are sharp."""
    return shortened(saved(figure, "svg", scale=2, whole=whole).decode()).encode()


def _drawn_once(figure: Figure, scale: float) -> bytes | None:
    """The whole canvas as PNG; none if something goes on beyond its edge."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    before = figure.dpi
    figure.set_dpi(scale * DPI)
    try:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        pixels = np.asarray(canvas.buffer_rgba())[..., :3]
        if _reaches_edge(pixels, round(scale * BLANK)) or _loses_labels(figure):
            return None
    finally:
        figure.set_dpi(before)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "png", compress_level=1)
    return buffer.getvalue()


def _reaches_edge(pixels: np.ndarray[Any, Any], blank: int) -> bool:
    edge = pixels[:blank], pixels[-blank:], pixels[:, :blank], pixels[:, -blank:]
    return any((side != 255).any() for side in edge)


def _loses_labels(figure: Figure) -> bool:
    """Whether an axis label lies beyond the edge, where it leaves no trace."""
    labels = [axis.label for ax in figure.axes for axis in (ax.xaxis, ax.yaxis) if axis.label.get_text()]
    return any(not figure.bbox.contains(*label.get_window_extent().p0) for label in labels)
