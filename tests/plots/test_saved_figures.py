"""Figures for papers: files that say what they show, look the same anywhere, and are the same bytes each time."""

from __future__ import annotations

import io
import re
import zlib
from xml.etree import ElementTree

import pytest
from PIL import Image
from processes import printed

from revorder.plots.picture import Picture, figure

ALT = 'Line plot: "θ" & <ρⁿ> \\ (1)'
KINDS = ("pdf", "svg", "png")


def drawn(alt=ALT, **options):
    made, ax = figure(**options)
    ax.plot([1, 3, 2], "o--", label="a line")
    ax.legend(title="legend")
    ax.set(xlabel="step n (batches)", title="a title with − and ρⁿ")
    return Picture(made, alt)


def file(kind, folder, picture=None):
    return (picture or drawn()).save(folder / f"figure.{kind}").read_bytes()


def of_pdf(data):
    """A PDF with its streams unpacked."""
    streams = re.findall(rb"stream\r?\n(.*?)endstream", data, re.DOTALL)
    unpacked = b""
    for stream in streams:
        try:
            unpacked += zlib.decompress(stream)
        except zlib.error:
            unpacked += stream
    return data + unpacked


def test_letters_of_a_pdf_are_embedded_as_true_type(tmp_path):
    data = of_pdf(file("pdf", tmp_path))
    assert b"/Type3" not in data and b"/CIDFontType2" in data
    assert data.count(b"/FontFile2") == data.count(b"/Subtype /CIDFontType2") > 0


def test_what_a_figure_shows_goes_along(tmp_path):
    pdf = file("pdf", tmp_path)
    subject = re.search(rb"/Subject (?:<([0-9A-Fa-f]+)>|\((.*?)(?<!\\)\))", pdf, re.DOTALL)
    plain = subject[2] and re.sub(rb"\\(.)", rb"\1", subject[2], flags=re.DOTALL)
    written = bytes.fromhex(subject[1].decode()) if subject[1] else plain
    assert written.decode("utf-16") == ALT
    root = ElementTree.fromstring(file("svg", tmp_path))
    assert (root.get("role"), root.get("aria-label")) == ("img", ALT)
    assert Image.open(io.BytesIO(file("png", tmp_path))).text["Description"] == ALT


def test_what_stands_in_notebooks_has_its_alt_text_outside():
    """Else every stored figure would carry it twice."""
    assert b"aria-label" not in drawn().svg and not Image.open(io.BytesIO(drawn().png)).text


@pytest.mark.parametrize("kind, fast", [("pdf", False), ("pdf", True), ("svg", False), ("png", True)])
def test_the_same_figure_gives_the_same_bytes(kind, fast, tmp_path):
    first, looked_at = file(kind, tmp_path, drawn(fast=fast)), drawn(fast=fast)
    assert looked_at.html and looked_at.png
    assert file(kind, tmp_path, looked_at) == file(kind, tmp_path, looked_at) == first
    assert not re.search(rb"CreationDate|ModDate|<dc:date|tIME|20\d\d-\d\d-\d\d", first)


def test_the_same_bytes_in_another_process(tmp_path, root):
    code = """
import sys
sys.path[:0] = sys.argv[1:3]
from pathlib import Path
from test_saved_figures import KINDS, drawn
for kind in KINDS:
    drawn().save(Path(sys.argv[3]) / f"other.{kind}")
"""
    places = (root / "tests" / "plots", root / "tests" / "helpers", tmp_path)
    printed("-c", code, *places, env={"PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "0", "TZ": "Asia/Tokyo"})
    for kind in KINDS:
        assert (tmp_path / f"other.{kind}").read_bytes() == file(kind, tmp_path)


@pytest.mark.parametrize("name", ["figure.PDF", "figure.Svg", "a.b.png"])
def test_endings_in_any_case(name, tmp_path):
    assert drawn().save(str(tmp_path / name)) == tmp_path / name
    assert (tmp_path / name).read_bytes() == file(name.rpartition(".")[2].lower(), tmp_path)


@pytest.mark.parametrize("name", ["figure.jpg", "figure", "figure.eps", "figure.pdf.gz", ".pdf"])
def test_other_endings_are_refused_before_anything_is_written(name, tmp_path):
    with pytest.raises(ValueError, match=rf"path: got '{re.escape(name)}', but the name must end in \.pdf, \.svg, \.p"):
        drawn().save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_axes_that_are_kept_can_be_changed_at_any_time(tmp_path):
    """Each look after a change shows it, though the axes were asked for once."""
    picture = drawn()
    (axes,) = picture.axes
    seen = []
    for top in (10, 100):
        axes.set_ylim(0, top)
        seen.append([picture.png, picture.svg, picture.html, file("pdf", tmp_path, picture)])
    assert all(one != other for one, other in zip(*seen, strict=True))


def test_a_picture_whose_axes_nobody_has_is_drawn_once():
    picture = drawn()
    assert picture.png is picture.png and picture.svg is picture.svg and picture.html is picture.html
