"""What all live figures share: a JavaScript module that draws, and a picture where no JavaScript runs."""

from __future__ import annotations

import html
import json
from abc import abstractmethod
from typing import Any, ClassVar
from weakref import WeakSet

import anywidget
import numpy as np
import traitlets

from revorder.live.modules import FOLDER, joined
from revorder.plots.picture import Picture

OF_WIDGETS = {"layout", "tabbable", "tooltip", "reached"}  # synchronised, but no settings of a figure
_shown: WeakSet[LiveFigure] = WeakSet()


class LiveFigure(anywidget.AnyWidget):
    """A figure that computes and draws in the page: it can be played, and points in it dragged.

    Every synchronised trait is a setting; changing one in Python redraws, and what a learner changes arrives here.

    Attributes:
        figure: name of the module in `js/` that draws it.
        step: the step n that is shown, where the figure can be played.
        reached: numbers of the goals that have been reached, as texts.
    """

    figure: ClassVar[str]
    step = traitlets.Int(0, min=0).tag(sync=True)
    reached = traitlets.List(traitlets.Unicode()).tag(sync=True)
    _css = FOLDER / "live.css"

    def __init_subclass__(cls, **kwargs: Any):
        if "figure" in vars(cls):
            cls._esm = joined(cls.figure)
        super().__init_subclass__(**kwargs)

    @property
    def settings(self) -> dict[str, Any]:
        """Name -> value of all that a learner can set."""
        return {name: getattr(self, name) for name in sorted(self.keys) if name not in OF_WIDGETS and name[0] != "_"}

    @abstractmethod
    def states(self) -> dict[str, np.ndarray]:
        """What the page computes for these settings, computed by `revorder.run`: name -> array."""

    @property
    @abstractmethod
    def picture(self) -> Picture:
        """The figure for readers without JavaScript, as it is set now."""

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live figure, and with it the picture: GitHub, print and pages without JavaScript show that."""
        self._replace_older()
        bundle = super()._repr_mimebundle_(**kwargs)
        data, *metadata = bundle if isinstance(bundle, tuple) else (bundle,)
        data = {**(data or {}), **self._fallback()}
        return (data, *metadata) if metadata else data

    def _fallback(self) -> dict[str, str]:
        """What stands there without JavaScript, in an element that `js/site.js` finds by its class."""
        bundle = self.picture._repr_mimebundle_()
        return {**bundle, "text/html": self._element(bundle["text/html"])}

    def _element(self, content: str) -> str:
        state = html.escape(json.dumps(self.settings, separators=(",", ":")), quote=True)
        return f'<div class="revorder-live" data-figure="{self.figure}" data-state="{state}">{content}</div>'

    def _replace_older(self) -> None:
        """Free the figure that the same cell showed before it was run again."""
        self._cell, self._request = _where()
        for other in [each for each in _shown if self._cell and each._cell == self._cell]:
            if other._request != self._request:
                other.close()
                _shown.discard(other)
        _shown.add(self)


def _where() -> tuple[str | None, str | None]:
    """The notebook's cell that is run, and its request; none outside of notebooks."""
    from IPython import get_ipython

    parent = getattr(get_ipython(), "parent_header", None) or {}
    return parent.get("metadata", {}).get("cellId"), parent.get("header", {}).get("msg_id")
