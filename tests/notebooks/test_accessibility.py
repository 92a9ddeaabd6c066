"""Every picture of the course, for readers who see no colours, see badly, or listen.

What needs a browser (focus, keys, the accessibility tree) is tested elsewhere; labels and spoken words of widgets are
in test_accessibility_widgets.py.
"""

from __future__ import annotations

import io
import itertools
import re

import figure_samples
import numpy as np
import pytest
from every_picture import FIGURES, HOSTILE, TEXT, Tags, drawn, every, every_figure, texts_of
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image
from seen import DEFICIENCIES, WHITE, apart, caught, confusable, contrast, legends, marks, seen_by, texts

from revorder.plots.picture import Picture

COLUMN = 860  # pixels: a narrow output column of JupyterLab; wider pictures are shown smaller
SMALLEST = 7  # points
# WCAG 2.2: 1.4.3 for text, 1.4.11 for what must be seen to understand a picture
LARGE_TEXT, GRAPHIC = 3.0, 3.0
# CAM02-UCS: ten times what is just noticeable on large patches, since lines and markers are small. The nearest colours
# of Okabe and Ito that we use, blue and green, are 11.7 apart for a tritanope. Form tells all pairs apart, too.
FAR = 10.0
DECORATION = {("plan_figure", "area")}  # stripes behind the numbered columns of a plan


def test_there_is_a_sample_of_every_figure():
    assert set(figure_samples.FUNCTIONS) == set(FIGURES)


def words(text):
    """Its numbers, and its words without units in parentheses, endings of the plural and single Latin letters."""
    found = re.findall(r"\w[\w.]*\w|\w", re.sub(r"\([^)]*\)", "", text).lower())
    return {word.removesuffix("s") for word in found if not re.fullmatch("[a-z]|the|of|for|to|in", word)}


def share(text, alt):
    """How many of the words of a text are in another one."""
    return len(words(text) & words(alt)) / len(words(text)) if words(text) else 1.0


def message(figure):
    """The title of the whole figure."""
    whole = figure.get_suptitle() or next((t.get_text() for t in figure.texts if t.get_fontweight() == "bold"), "")
    return whole or next(ax.get_title(loc=loc) for ax in figure.axes for loc in ("left", "center") if ax.get_title(loc))


@every
def test_alt_text_names_the_axes_and_the_message(name):
    figure, picture = drawn(name)
    assert len(picture.alt) > 40
    assert not re.match(r"(an? )?(figure|image|picture|graphic|chart) (of|showing)", picture.alt.lower())
    assert share(message(figure), picture.alt) >= 0.75, message(figure)
    for label in {axis.label.get_text() for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)} - {""}:
        assert share(label, picture.alt) >= 0.5, label


@every_figure
def test_alt_text_changes_with_the_data(name):
    with caught(draw=False):
        other = figure_samples.FUNCTIONS[name](1)
    assert other.alt != drawn(name)[1].alt


@every
def test_pictures_are_opaque_and_escape_their_alt_text(name):
    """Opaque: their white background stays white on a dark page, so contrast does not depend on the page's theme."""
    picture = drawn(name)[1]
    assert np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGBA"))[..., 3].min() == 255
    hostile = Picture.__new__(Picture)
    hostile.png, hostile.alt = picture.png, HOSTILE + picture.alt
    for each in (picture, hostile):
        ((tag, attributes, _),) = Tags(each.html).elements
        assert tag == "img" and attributes["alt"] == each.alt and attributes["class"] == "revorder-picture"
        assert re.match(r"data:image/(png|svg\+xml);base64,", attributes["src"])


@every
def test_no_text_relies_on_the_name_of_a_colour(name):
    figure, picture = drawn(name)
    for said in (picture.alt, *(text.said for text in texts_of(name))):
        assert not re.search(r"\b(red|blue|green|orange|gr[ea]y|pink|purple|brown|black|white|colou?r\w*)\b", said)


@every
def test_colours_in_one_figure_are_far_apart_for_all_eyes(name):
    colours = np.array(sorted({mark.colours[0] for ax in drawn(name)[0].axes for mark in marks(ax)}))
    for eyes in ("all", *DEFICIENCIES):
        seen = seen_by(colours, eyes)
        near = np.linalg.norm(seen[:, None] - seen, axis=-1) + 100 * np.eye(len(seen))
        one, other = np.unravel_index(near.argmin(), near.shape)
        assert near.min() >= FAR, (eyes, colours[one], colours[other], near.min())


@every
def test_nothing_is_said_by_colour_alone(name):
    """Greyscale included, where most of the palette is nearer than `FAR`: form tells all marks apart without colour."""
    figure = drawn(name)[0]
    assert [pair for ax in figure.axes for pair in confusable(ax)] == []
    for entries in legends(figure):
        for (said, one), (also_said, other) in itertools.combinations(entries, 2):
            assert said != also_said and one.differs(other), (said, also_said)


@every
def test_marks_stand_out_from_the_background(name):
    for ax in drawn(name)[0].axes:
        for mark in marks(ax):
            if (name, mark.kind) not in DECORATION:
                assert contrast(mark.colours[0], ax.get_facecolor()[:3]) >= GRAPHIC, mark


@every
def test_texts_stand_out_from_what_is_behind_them(name):
    assert len(texts_of(name)) > 5
    for text in texts_of(name):
        least = LARGE_TEXT if text.points >= (14 if text.bold else 18) else TEXT
        assert (contrast(text.colour, text.behind) >= least).mean() >= 0.95, text.said


@every
def test_letters_are_large_enough_as_shown(name):
    figure = drawn(name)[0]
    scale = min(1, COLUMN / (figure.get_size_inches()[0] * 96))
    small = {text.said: text.points * scale for text in texts_of(name) if text.points * scale < SMALLEST}
    assert small == {}


def readable_map(colours):
    """Whether lightness (N,) goes one way, or one way from each end to the middle."""
    light = seen_by(colours, "all")[:, 0]
    signs = [np.sign(part) for part in np.split(np.diff(light), [len(light) // 2])]
    one_way = [abs(part.sum()) >= 0.98 * len(part) for part in signs]
    return all(one_way) and np.ptp(light) > 30


@every
def test_images_are_readable_by_lightness(name):
    for image in drawn(name)[0].findobj(lambda artist: getattr(artist, "get_array", lambda: None)() is not None):
        numbers = [text for text in image.axes.texts if re.fullmatch(r"[-−\d.e%]+", text.get_text())]
        assert readable_map(image.get_cmap()(np.linspace(0, 1, 64))[:, :3]) or len(numbers) >= image.get_array().size


def test_the_measures_themselves():
    assert contrast(WHITE, (0, 0, 0)) == pytest.approx(21) and contrast((0.2,) * 3, (0.2,) * 3) == 1
    assert contrast(WHITE, to_rgb("#767676")) == pytest.approx(4.54, abs=0.01)  # the best-known grey of WCAG
    vermilion, ochre = to_rgb("#D55E00"), to_rgb("#B07C00")
    assert apart(vermilion, ochre, "all") > 15 and apart(vermilion, ochre, "deuteranomaly") < 2
    for name, readable in (("viridis", True), ("coolwarm", True), ("jet", False), ("tab10", False)):
        assert readable_map(colormaps[name](np.linspace(0, 1, 64))[:, :3]) == readable


def test_a_bad_figure_is_found_out():
    made = Figure(figsize=(14, 3))
    ax = made.subplots()
    for colour in ("#D55E00", "#0072B2"):
        ax.plot([0, 1], color=colour, label=colour)
    ax.plot([1, 0], color="0.8", linestyle=":")
    ax.text(0.5, 0.5, "faint", color="0.6", fontsize=6)
    ax.legend()
    with caught(draw=False) as pictures:
        Picture(made, "a figure")
    assert pictures[0][0] is made and len(confusable(ax)) == 1
    assert min(contrast(mark.colours[0], WHITE) for mark in marks(ax)) < GRAPHIC
    ((_, one), (_, other)) = legends(made)[0]
    assert not one.differs(other)
    faint = next(text for text in texts(made) if text.said == "faint")
    assert faint.points == 6 and (contrast(faint.colour, faint.behind) < TEXT).all()
