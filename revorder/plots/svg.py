"""Small SVG files: what no reader sees is left out of those that matplotlib writes, and what comes again is said once.

Comments, names of groups and digits beyond the hundredth of a point go; paths become relative; equal styles become
classes. In the pictures of the course more than half of the bytes do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count

UNSEEN = r"<\?xml.*?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>"
OUTLINE = 'transform="scale(0.015625)"'  # of letters: coordinates of thousands for an em
COARSE, FINE = 8, 0.01  # steps of the coordinates of letters (an 800th of an em) and of all else (points)
NUMBER = r"-?\d*\.?\d+(?:e-?\d+)?"


def shortened(svg: str) -> str:
    """The same picture in fewer bytes."""
    text = re.sub(UNSEEN, "", svg, flags=re.DOTALL)
    text = re.sub(r"<g id=\"[^\"]*\"", "<g", text)
    text = re.sub(r"<path id=\"[^\"]*\" d=\"([^\"]*)\" " + re.escape(OUTLINE), _outline, text)
    text = re.sub(r"(?<= d=\")M [^\"]*", lambda found: _relative(found[0], FINE), text)
    text = re.sub(r"translate\([^)]*\)|(?<= [xy]=\")[^\"]*", _rounded, text)
    text = re.sub(r"(?<=\" )transform=\"translate\(([^ )]*) 0\)\"/>", r'x="\1"/>', text)
    text = re.sub(r"(?<= style=\")[^\"]*", lambda found: found[0].replace(": ", ":").replace("; ", ";"), text)
    text = re.sub(r">\s+<", "><", text)
    text = re.sub(r"<g>(<use [^>]*/>)</g>", r"\1", text)
    return _short_names(_classes(text)).strip()


def _outline(found: re.Match[str]) -> str:
    """A letter on a coarser grid."""
    finer = f'transform="scale({0.015625 * COARSE:g})"'
    return found[0].replace(found[1], _relative(found[1], COARSE)).replace(OUTLINE, finer)


def _relative(path: str, step: float) -> str:
    """Lines and curves from each point to the next, in whole steps, so that roundings do not add up."""
    written: list[str] = []
    at, start, last = (0, 0), (0, 0), ""
    for command, points in _commands(path, step):
        if command == "z":
            at = start
        moved = [part - at[axis % 2] for axis, part in enumerate(points)]
        again = command == last and command != "M"
        written.append(("" if again else command.lower()) + _joined(moved, step, gap=again))
        at = (points[-2], points[-1]) if points else at
        start, last = (at if command == "M" else start), command
    return "".join(written)


def _commands(path: str, step: float) -> Iterator[tuple[str, list[int]]]:
    """Each command with its absolute coordinates in steps."""
    for command, numbers in re.findall(r"([A-Za-z])([^A-Za-z]*(?:e-\d+[^A-Za-z]*)*)", path):
        yield command, [round(float(number) / step) for number in re.findall(NUMBER, numbers)]


def _joined(moved: list[int], step: float, *, gap: bool) -> str:
    """Numbers with a space only where the next one has no sign."""
    texts = [str(number) if step >= 1 else f"{number * step:.2f}".rstrip("0").rstrip(".") for number in moved]
    texts = [re.sub(r"^(-?)0\.", r"\1.", "0" if text == "-0" else text) for text in texts]
    return "".join(
        (" " if (place or gap) and not text.startswith("-") else "") + text for place, text in enumerate(texts)
    )


def _rounded(found: re.Match[str]) -> str:
    return re.sub(r"-?\d+\.\d{2,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), found[0])


def _classes(text: str) -> str:
    """Styles that come again, as classes."""
    often = [style for style, times in Counter(re.findall(r" style=\"([^\"]*)\"", text)).items() if times > 1]
    rules = ""
    for number, style in enumerate(often):
        text = text.replace(f' style="{style}"', f' class="c{number}"')
        rules += f".c{number}{{{style}}}"
    return text.replace("</style>", f"{rules}</style>", 1)


def _short_names(text: str) -> str:
    """Names of one or two letters for what is used by name."""
    new = {name: f"n{number}" for number, name in zip(count(), re.findall(r" id=\"([^\"]*)\"", text), strict=False)}
    return re.sub(r"(?<= id=\")[^\"]*|(?<=#)[\w-]+(?=[\")])", lambda found: new.get(found[0], found[0]), text)
