"""Short documents: a list of blocks, written as Markdown with PNG files beside it and as one self-contained HTML file.

Every text is taken for plain text: whatever it contains, it is shown and never interpreted.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from revorder.data.files import plain_places, write
from revorder.plots.picture import Picture

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0; display: block; overflow-x: auto }
th, td { border-bottom: 1px solid #ccc; padding: .25em .8em; text-align: left; font-variant-numeric: tabular-nums }
th { vertical-align: bottom } caption { text-align: left; font-style: italic }
"""


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 or 2."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """Some sentences; `strong` ones are the message."""

    text: str
    strong: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of texts under a header."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figure:
    """A picture, and the name of its PNG file."""

    file: str
    picture: Picture


Block = Heading | Paragraph | Table | Figure


def save(blocks: Sequence[Block], out: Path, name: str) -> Path:
    """Write `name`.md, `name`.html and the PNG files into a folder; returns the path of the HTML file.

    Raises:
        ValueError: `out` is a link or a file, or a folder stands in the place of a file.
        OSError: the disk is full, or the folder cannot be written to.
    """
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise ValueError(f"out: {out} is a link or a file; give a folder, or a name that is free")
    files = [block.file for block in blocks if isinstance(block, Figure)] + [f"{name}.md", f"{name}.html"]
    plain_places(out, files)
    out.mkdir(parents=True, exist_ok=True)
    for block in blocks:
        if isinstance(block, Figure):
            write(out / block.file, block.picture.png)
    write(out / f"{name}.md", "\n\n".join(_markdown(block) for block in blocks) + "\n")
    title = next((block.text for block in blocks if isinstance(block, Heading)), name)
    write(out / f"{name}.html", _page(title, "\n".join(_html(block) for block in blocks)))
    return out / f"{name}.html"


def plain(text: str) -> str:
    """A text as Markdown that shows it as it is: no markup, no HTML, no line breaks."""
    text = html.escape(" ".join(str(text).split()), quote=False)
    return re.sub(r"([\\`*_\[\]|#~!])", r"\\\1", text)


def _markdown(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {plain(block.text)}"
    if isinstance(block, Figure):
        return f"![{plain(block.picture.alt)}]({block.file})"
    if isinstance(block, Table):
        lines = [block.header, ["---"] * len(block.header), *block.rows]
        cells = [[cell if line is lines[1] else plain(cell) for cell in line] for line in lines]
        return "\n".join(f"| {' | '.join(line)} |" for line in cells)
    return f"**{plain(block.text)}**" if block.strong else plain(block.text)


def _html(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{html.escape(block.text)}</h{block.level}>"
    if isinstance(block, Figure):
        return f"<p>{block.picture.html}</p>"
    if isinstance(block, Table):
        head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in block.header)
        rows = "\n".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in block.rows)
        return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>"
    text = html.escape(block.text)
    return f"<p><strong>{text}</strong></p>" if block.strong else f"<p>{text}</p>"


def _page(title: str, body: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
