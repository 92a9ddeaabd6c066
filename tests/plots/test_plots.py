from __future__ import annotations

import io
import itertools
import re

import numpy as np
import pytest
from paths import path

import revorder as ro
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
    Picture(made, "alt")
    boxes = [made._suptitle.get_window_extent()]
    boxes += [text.get_window_extent() for ax in made.axes for text in (ax.title, ax.xaxis.label, ax.yaxis.label)]
    boxes += [ax.get_window_extent() for ax in made.axes]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))


@pytest.mark.parametrize("margins", [{"left": 0.2}, {"bottom": 0.1}, {"top": -0.05}])
def test_fast_figures_whose_margins_are_too_narrow_are_drawn_in_full(margins):
    shown = pixels(Picture(two_panels(margins=margins), "alt"))
    assert shown.shape[:2] != (round(3.4 * 96), 7 * 96)
    assert all((side == 1).all() for side in (shown[0], shown[-1], shown[:, 0], shown[:, -1]))


@pytest.mark.parametrize("low, ticks", [(0.05, ["0.05", "0.1", "0.2", "0.5", "1"]), (1e-4, ["0.0001", "0.01", "1"])])
def test_plain_log_axes_have_few_readable_ticks(low, ticks):
    made, ax = figure(fast=True)
    ax.plot([low, 1])
    ax.set_yscale("log")
    plain_log(ax.yaxis)
    Picture(made, "alt")
    assert set(ticks) <= {text.get_text() for text in ax.get_yticklabels()}
    assert len(ax.get_yticks(minor=True)) == 0


def test_large_pictures_are_stored_with_fewer_colours():
    """Many thin lines make a large PNG; the stored one looks the same and is much smaller."""

    from PIL import Image

    from revorder.plots import picture

    def crowded():
        made, ax = picture.figure(8, 4)
        for line in np.random.default_rng(0).standard_normal((12, 300)).cumsum(axis=1):
            ax.plot(line, linewidth=0.7)
        return made

    small, full = Picture(crowded(), "many lines").png, picture._cut(crowded())
    assert len(full) > picture.LARGE > len(small)
    before, after = (np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=float) for png in (full, small))
    assert np.abs(before - after).mean() < 3  # of 255
