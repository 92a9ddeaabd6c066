from __future__ import annotations

import re

import numpy as np
import pytest

import revorder as ro
from revorder.figures import Picture, figure
from revorder.plots.paths import spread_along_path


def path(values, order="forward"):
    steps = list(range(10, 10 * len(values) + 1, 10))
    return ro.Trajectory(order, steps, np.zeros(len(values)), {"loss": np.array(values, dtype=float)})


def test_spread_is_the_standard_deviation_of_the_last_checkpoints():
    run = path([9, 9, 1, 3, 1, 3])
    assert spread_along_path(run, "loss", last=4) == 1
    assert spread_along_path(run, "loss", last=6) == pytest.approx(np.std([9, 9, 1, 3, 1, 3]))


def test_spread_about_the_trend_ignores_a_straight_line():
    assert spread_along_path(path([8, 7, 6, 5, 4]), "loss", trend=True) == pytest.approx(0, abs=1e-12)
    line, zigzag = np.linspace(8, 4, 40), np.tile([0.5, -0.5], 20)
    assert spread_along_path(path(line + zigzag), "loss", trend=True) == pytest.approx(0.5, rel=0.01)


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
