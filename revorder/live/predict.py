"""Questions to commit to before the answer is seen."""

from __future__ import annotations

import html
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from revorder.errors import did_you_mean
from revorder.live.base import LiveFigure
from revorder.plots.picture import Picture

FOLDER = Path(__file__).parent / "predictions"


class Predict(LiveFigure):
    """A question with answers to choose from; the right one, and why, unfolds when one has been chosen.

    Args:
        name: of the question, such as "02-triangle": notebook, then the name in `predictions/02.toml`.

    Attributes:
        question, options, because: HTML texts.
        answer: number of the right option, counted from 0.
        chosen: number of the option that was chosen, -1 before.

    Raises:
        ValueError: there is no such question.
    """

    figure = "predict"
    question = traitlets.Unicode().tag(sync=True)
    options = traitlets.List(traitlets.Unicode()).tag(sync=True)
    answer = traitlets.Int().tag(sync=True)
    because = traitlets.Unicode().tag(sync=True)
    chosen = traitlets.Int(-1).tag(sync=True)

    def __init__(self, name: str = "02-triangle", **traits: Any):
        super().__init__(**{**asked(name), **traits})
        self.name = name

    def states(self) -> dict[str, np.ndarray]:
        """Nothing is computed."""
        return {}

    @property
    def picture(self) -> Picture:
        """There is none: a question is text."""
        raise AttributeError("a prediction is text and has no picture")

    def _fallback(self) -> dict[str, str]:
        options = "".join(f"<li>{option}</li>" for option in self.options)
        right = f"<details><summary>Answer</summary>{self.options[self.answer]}. {self.because}</details>"
        question = f"<p><strong>Predict.</strong> {self.question}</p><ul>{options}</ul>{right}"
        return {"text/html": self._element(question), "text/plain": f"Predict. {html.unescape(self.question)}"}


def asked(name: str) -> dict[str, Any]:
    """The question of that name, as in the file."""
    known = predictions()
    if name not in known:
        raise ValueError(f"name: got {name!r}, but there is no such question{did_you_mean(str(name), known)}")
    return known[name]


@cache
def predictions() -> dict[str, dict[str, Any]]:
    """All questions of the course, by name."""
    files = sorted(FOLDER.glob("*.toml"))
    read = {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in files}
    return {f"{notebook}-{name}": one for notebook, all_ in read.items() for name, one in all_.items()}
