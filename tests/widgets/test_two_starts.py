"""The TwoStarts widget, driven in Python; no browser needed."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

import revorder as ro
from revorder.widgets.contraction import STEPS


@pytest.fixture
def widget():
    return ro.widgets.TwoStarts()


def by_hand(widget):
    """Both paths from their definition: states (31, 2), step 0 first."""
    x, h = widget.tosses.tolist(), widget.lr.value
    paths = []
    for start in (widget.start_a.value, widget.start_b.value):
        path = [start]
        for n in range(1, STEPS + 1):
            theta = start
            for number in range(n) if widget.order.value == "forward" else reversed(range(n)):
                theta += h * (x[number] - theta)
            path.append(theta)
        paths.append(path)
    return np.array(paths).T


SETTINGS = [
    {},
    {"order": "backward"},
    {"order": "backward", "lr": 0.1, "seed": 7, "start_a": -1.5},
    {"order": "forward", "lr": 1.4, "start_b": 0.7},
    {"order": "backward", "lr": 2.1, "seed": 3},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_shows_what_the_definition_gives(widget, settings):
    for name, value in settings.items():
        getattr(widget, name).value = value
    expected = by_hand(widget)
    assert np.allclose(widget.trajectory.states, expected[1:], rtol=1e-9, atol=1e-12)
    gap = abs(expected[0, 0] - expected[0, 1])
    end = abs(1 - widget.lr.value) ** STEPS * gap
    shown = [
        float(number) for number in re.findall(r"Gap ([\d.e+-]+) at step 0, ([\d.e+-]+) at", widget.summary.value)[0]
    ]
    assert shown == pytest.approx([gap, end], rel=0.01)
    assert f"goes from {gap:.3g} to {end:.2g}" in widget.picture.alt
    assert f"{expected[0, 0]:.3g} to {expected[-1, 0]:.3g}" in widget.picture.alt
    moves = abs(np.diff(expected[:, 0]))
    assert f"last ten moves of the path from a is {moves[-10:].max():.2g}" in widget.picture.alt


def test_the_gap_is_the_same_in_both_orders_but_only_backward_settles(widget):
    late = {}
    for order in ("forward", "backward"):
        widget.order.value = order
        states = widget.trajectory.states
        assert np.allclose((states[:, 0] - states[:, 1]).abs(), 2.8 * 0.5 ** np.arange(1, 31), rtol=1e-6)
        late[order] = states[-11:, 0].diff().abs().max()
    assert late["forward"] > 0.1 and late["backward"] < 1e-5


@pytest.mark.parametrize("seed", range(5))
def test_the_bound_it_shows_holds_for_every_future(widget, seed):
    widget.order.value, widget.lr.value, widget.seed.value = "backward", 0.2, seed
    shown = float(re.search(r"within ([\d.e-]+) of its limit", widget.summary.value).group(1))
    assert shown == pytest.approx(0.8**30 / 0.2 * 0.2 * 0.8, rel=0.01)
    path = widget.trajectory.states[-1, 0]
    for rest in (0.0, 1.0):  # the extreme futures: all tosses the same for ever
        batches = torch.cat([widget.tosses, torch.full((300,), rest, dtype=torch.float64)])
        limit = sum(0.2 * 0.8**i * x for i, x in enumerate(batches.tolist()))
        assert abs(limit - path) <= shown * 1.01


def test_text_and_title_follow_the_rate(widget):
    assert widget.picture.alt.startswith("Forward: the gap shrinks like 0.5ⁿ, but the paths keep moving")
    assert "no limit" in widget.summary.value and "alert" not in widget.summary.value
    widget.order.value = "backward"
    assert widget.picture.alt.startswith("Backward: the gap shrinks like 0.5ⁿ, and the paths settle")
    for lr in (2.0, 2.2):
        widget.lr.value = lr
        assert 'role="alert"' in widget.summary.value and "not applicable" in widget.summary.value
        assert "not below 1" in widget.picture.alt
    widget.lr.value = 0.5
    assert "alert" not in widget.summary.value


def test_edges(widget):
    widget.order.value, widget.lr.value = "backward", 1.0
    assert "closes at once" in widget.picture.alt and "within 1e-15" in widget.summary.value
    assert torch.equal(widget.trajectory.states, widget.tosses[0].expand(30, 2))
    widget.start_b.value = widget.start_a.value
    assert "the starts are equal" in widget.picture.alt and "Gap 0 at step 0, 0 at" in widget.summary.value
