"""From a matplotlib figure to bytes: PNG as sharp as wanted, SVG as small as it can be, PDF for papers."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any, TypeVar
from xml.sax.saxutils import quoteattr

from revorder.once import cached_property
from revorder.plots.svg import shortened

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure

T = TypeVar("T")
DPI = 96  # of pictures at scale 1
COLOURS = 64  # of a palette: lines, letters, and the steps at their soft edges
WHITE, PALE = (255, 255, 255), 250  # paper stays white: the soft edges nearest to it do not tint it
BLANK = 3  # pixels at the edge of a fast figure; more than the gaps between letters, so that no text slips through
# letters as outlines, so that they look the same everywhere; the same bytes each time
SAVED: Any = {"svg.fonttype": "path", "svg.hashsalt": "revorder", "path.simplify_threshold": 0.2, "pdf.fonttype": 42}
UNDATED = {"svg": ("Date", "Creator", "Format", "Type"), "pdf": ("CreationDate",), "png": ("Software",)}


class drawn_once(cached_property[T]):
    """A property of a picture that is found once, as long as nobody has its axes."""

    def __get__(self, picture: Any, owner: type[Any] | None = None) -> Any:
        found = super().__get__(picture, owner)
        if picture is not None and picture._open:
            vars(picture).pop(self.attrname, None)
        return found


def png_of(figure: Figure, scale: float = 1.0) -> bytes:
    """The figure as an opaque PNG of `scale` × 96 dots per inch.

    A figure with a layout engine is laid out and cut to what is drawn. One without is drawn once, as it is, which takes
    less than half the time; only if its margins prove too narrow it is cut as well.
    """
    return (None if figure.get_layout_engine() else _drawn_once(figure, scale)) or saved(figure, "png", scale=scale)


def saved(figure: Figure, kind: str, *, scale: float = 1.0, whole: bool = False, **metadata: str) -> bytes:
    """What is drawn, inside the canvas or beyond it, as "png", "svg" or "pdf"; or the whole canvas."""
    from matplotlib import rc_context

    buffer, box = io.BytesIO(), None if whole else "tight"
    with rc_context(SAVED):
        said: dict[str, Any] = {**dict.fromkeys(UNDATED[kind]), **metadata}
        figure.savefig(buffer, format=kind, dpi=scale * DPI, bbox_inches=box, metadata=said)
    return buffer.getvalue()


def few_colours(png: bytes, description: str = "") -> bytes:
    """The same picture with a palette, which takes a third of the bytes, and some time; words go along."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    smaller, image = io.BytesIO(), Image.open(io.BytesIO(png)).convert("RGB")
    found = image.quantize(COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = [tuple((found.getpalette() or [])[i : i + 3]) for i in range(0, 3 * COLOURS, 3)]
    found.putpalette([part for colour in palette for part in (WHITE if min(colour, default=0) >= PALE else colour)])
    said = PngInfo()
    if description:
        said.add_itxt("Description", description)
    found.save(smaller, format="png", optimize=True, pnginfo=said)
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


def labelled(svg: bytes, label: str) -> bytes:
    """The same SVG with what a screen reader says of it."""
    return svg.replace(b"<svg ", f'<svg role="img" aria-label={quoteattr(label)} '.encode(), 1)


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
