from __future__ import annotations

import base64
import io
import itertools
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from paths import path

import revorder as ro
from revorder.plots import drawing, svg
from revorder.plots.picture import Picture, figure, plain_log


def test_paths_figure_says_in_words_what_it_shows():
    made = ro.plots.paths_figure([path([4, 1, 3]), path([4, 2, 2], "backward")], "loss", unit="nats", last=2)
    assert "loss (nats)" in made.alt
    assert "forward 1, backward 0" in made.alt
    assert made.png.startswith(b"\x89PNG")
    assert len(made.png) < 80_000


def test_spread_figure_names_every_setting_and_its_means():
    spreads = {"lr 0.1": {"forward": [0.2, 0.4], "backward": [0.1, 0.1]}}
    made = ro.plots.spread_figure(spreads, title="Message", quantity="spread (nats)")
    assert "lr 0.1: forward 0.3 on average, backward 0.1 on average" in made.alt


def test_picture_is_escaped_and_has_fallbacks():
    made = Picture(figure()[0], 'a "quote" & <tag>')
    assert set(made._repr_mimebundle_()) == {"text/html", "image/png", "text/plain"}
    assert re.search(r'alt="a &quot;quote&quot; &amp; &lt;tag&gt;"', made.html)
    assert repr(made) == 'Picture: a "quote" & <tag>'


def test_figures_leave_no_global_state():
    import matplotlib.pyplot as plt

    ro.plots.paths_figure([path([4, 1, 3])], "loss")
    assert plt.get_fignums() == []


def pixels(made):
    from matplotlib.image import imread

    return imread(io.BytesIO(made.png))


def two_panels(**options):
    made, axes = figure(7.0, 3.4, fast=True, ncols=2, **options)
    for ax in axes:
        ax.plot([0, 1000], [1, 3e-4], label="line")
        ax.set(xlabel="step n (batches)", ylabel="distance", title="title", yscale="log")
    plain_log(axes[0].yaxis)
    made.suptitle("message", fontweight="bold")
    return made


def test_fast_figures_keep_their_size_and_cut_nothing():
    shown = pixels(Picture(two_panels(), "alt"))
    assert shown.shape[:2] == (round(3.4 * 96), 7 * 96)
    assert all((side == 1).all() for side in (shown[0], shown[-1], shown[:, 0], shown[:, -1]))


def test_fast_figures_have_disjoint_texts():
    made = two_panels()
    assert Picture(made, "alt").png
    assert [ax.get_title("left") for ax in made.axes] == ["title", "title"]
    boxes = [made._suptitle.get_window_extent()]
    boxes += [text.get_window_extent() for ax in made.axes for text in (ax._left_title, ax.xaxis.label, ax.yaxis.label)]
    boxes += [ax.get_window_extent() for ax in made.axes]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


@pytest.mark.parametrize("margins", [{"left": 0.2}, {"bottom": 0.1}, {"top": -0.05}])
def test_fast_figures_whose_margins_are_too_narrow_are_drawn_in_full(margins):
    shown = pixels(Picture(two_panels(margins=margins), "alt"))
    assert shown.shape[:2] != (round(3.4 * 96), 7 * 96)
    assert all((side == 1).all() for side in (shown[0], shown[-1], shown[:, 0], shown[:, -1]))


@pytest.mark.parametrize(
    "low, ticks", [(0.05, ["0.05", "0.1", "0.2", "0.5", "1"]), (1e-4, ["0.0001", "0.01", "1"]), (1e-6, ["10⁻⁶", "10⁰"])]
)
def test_plain_log_axes_have_few_readable_ticks(low, ticks):
    made, ax = figure(fast=True)
    ax.plot([low, 1])
    ax.set_yscale("log")
    plain_log(ax.yaxis)
    assert Picture(made, "alt").png
    assert set(ticks) <= {text.get_text() for text in ax.get_yticklabels()}
    assert len(ax.get_yticks(minor=True)) == 0


def crowded(**options):
    """Many thin lines, which make a large SVG and a large PNG."""
    made, ax = figure(8, 4, **options)
    for line in np.random.default_rng(0).standard_normal((12, 3000)).cumsum(axis=1):
        ax.plot(line, linewidth=0.7)
    ax.set_title("many lines")
    return Picture(made, "many lines")


def plain(**options):
    made, ax = figure(**options)
    ax.plot([1, 3, 2], "o--", label="a line")
    ax.legend(title="legend")
    ax.set(xlabel="step n (batches)", title="a title with − and ρⁿ")
    return Picture(made, "alt")


def source(html):
    kind, data = re.search(r'src="data:image/(.*?);base64,(.*?)"', html).groups()
    return kind, base64.b64decode(data)


def test_pictures_are_stored_with_few_colours_on_white():
    from PIL import Image

    made = crowded()
    full, small = drawing.png_of(made._figure), made.png
    assert len(full) > 2 * len(small)
    before, after = (np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=float) for png in (full, small))
    assert np.abs(before - after).mean() < 3  # of 255
    assert (after[(before == 255).all(axis=-1)] == 255).all()


@pytest.mark.parametrize("fast", [False, True])
def test_svg_is_small_valid_and_the_same_each_time(fast):
    made = plain(fast=fast)
    root = ElementTree.fromstring(made.svg)
    assert root.tag.endswith("svg") and len(made.svg) < 20_000
    assert made.svg == plain(fast=fast).svg and b"<text" not in made.svg
    assert float(root.get("width").removesuffix("pt")) == pytest.approx(8 * 72, rel=0.05)
    assert not re.search(rb"\d\.\d{3,}[ LQCz]", b"".join(re.findall(rb' d="[^"]*"', made.svg)))


def absolute(path):
    """The points of a path of relative commands."""
    points, at = [], np.zeros(2)
    for command, numbers in re.findall(r"([a-z])([^a-z]*)", path):
        moves = np.array(re.findall(r"-?\d*\.?\d+", numbers), dtype=float).reshape(-1, 2)
        for first in range(0, len(moves), {"m": 1, "l": 1, "q": 2, "c": 3, "z": 1}[command]):
            part = at + moves[first : first + {"q": 2, "c": 3}.get(command, 1)]
            points, at = [*points, *part], part[-1]
    return np.array(points)


def test_paths_in_few_bytes_have_the_same_points():
    draws = np.random.default_rng(0).uniform(-9, 900, (60, 6)).round(6)
    draws[::7] = draws[1::7].round()[: len(draws[::7])] * 1e-6
    counts = [("L", 2), ("L", 2), ("Q", 4), ("C", 6), ("Q", 4)]
    parts = [f"{c} {' '.join(map(str, row[:n]))} \n" for row, (c, n) in zip(draws, 12 * counts, strict=True)]
    path, points = "M 3.14159 2.71828 \n" + "".join(parts), [[3.14159, 2.71828]]
    points += [pair for row, (_, n) in zip(draws, 12 * counts, strict=True) for pair in row[:n].reshape(-1, 2)]
    found = svg._relative(path, 0.01)
    assert np.abs(absolute(found) - points).max() <= 0.005 + 1e-9 and len(found) < 0.7 * len(path)
    assert svg._relative("M 0 0 \nL 1 1 \nL 1 0.5 \nz\nM 2 2 \nL 3 2 \n", 0.01) == "m0 0l1 1 0-.5zm2 2l1 0"


def test_what_is_stored_is_sharp_and_what_widgets_show_is_quick():
    kind, data = source(plain()._repr_mimebundle_()["text/html"])
    assert kind == "svg+xml" and data == plain().svg
    kind, data = source(crowded()._repr_mimebundle_()["text/html"])
    assert kind == "png" and drawing.inches_of(data, 2) == pytest.approx(8, rel=0.05)
    fast = plain(fast=True)
    assert source(fast._repr_mimebundle_()["text/html"])[0] == "svg+xml"
    kind, data = source(fast.html)
    assert kind == "png" and int.from_bytes(data[16:20], "big") == 8 * 96 * 1.5
    assert "width:100%;max-width:880px" in fast.html


@pytest.mark.parametrize("kind, start", [("svg", b"<svg"), ("pdf", b"%PDF"), ("png", b"\x89PNG")])
def test_pictures_can_be_saved(kind, start, tmp_path):
    path = plain().save(tmp_path / f"figure.{kind}")
    assert path.name == f"figure.{kind}" and path.read_bytes().startswith(start)
    with pytest.raises(ValueError, match=r"path: got 'figure\.jpg'"):
        plain().save(tmp_path / "figure.jpg")


def test_axes_can_be_changed():
    made = plain()
    before = made.png, made.svg, made.html
    made.axes[0].set_ylim(0, 100)
    assert all(old != new for old, new in zip(before, (made.png, made.svg, made.html), strict=True))


def test_messages_that_are_too_long_go_on_in_the_next_line():
    made, _ = figure()
    made.suptitle("word " * 40)
    assert made.get_suptitle().count("\n") == 2 and made.get_suptitle().split() == ["word"] * 40


def test_the_common_look_gives_way_to_what_is_asked():
    made, ax = figure()
    ax.plot([1, 2], label="line")
    ax.set_title("t", loc="right", fontsize=14)
    assert ax.get_title("right") == "t" and ax.legend(fontsize=7).get_texts()[0].get_fontsize() == 7
    assert made.suptitle("s", x=0.5).get_position()[0] == 0.5
