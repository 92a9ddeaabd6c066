"""Pictures that say in words what they show: every figure is displayed with its alt text."""

from __future__ import annotations

import base64
import html
import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Picture:
    """A rendered figure with alt text; notebooks display it as HTML, with PNG and plain text as fallbacks."""

    def __init__(self, figure: Figure, alt: str):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=96, bbox_inches="tight", metadata={"Software": None})
        self.png = buffer.getvalue()
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


def figure(width: float = 7.0, height: float = 3.4, **grid: int) -> tuple[Figure, object]:
    """A matplotlib figure with its axes, in inches, that belongs to no global state and so needs no closing."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), layout="constrained")
    axes = made.subplots(**grid)
    for ax in made.axes:
        ax.spines[["top", "right"]].set_visible(False)
        ax.grid(alpha=0.25)
    return made, axes
