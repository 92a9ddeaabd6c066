"""What every widget does when a control is moved: another picture, other words, no alert, once it is released."""

from __future__ import annotations

import pytest
from every_widget import controls, shown

import revorder as ro
from revorder.widgets import training
from revorder.widgets.brackets import QUADRATIC

SMALL = {
    "DigitsExplorer": {"steps": 40, "stride": 10},
}
MOVES = {  # widget -> control -> a value that it does not have at first
    "BracketExplorer": {"kind": QUADRATIC, "lr": 0.2, "angle": 75, "distance": 0.6, "start": 120},
    "BudgetExplorer": {"first": "window", "second": "decay", "metric": "distance from ½", "lr": 0.2, "budget": 800,
                       "seed": 4},
    "DigitsExplorer": {"lr": 0.3, "batch_size": 16, "order": "two-sided", "seed": 1},
    "RegimeExplorer": {"lr": 0.2, "batch_size": 4, "momentum": 0.5, "order": "backward", "seed": 1},
}  # fmt: skip
SAME_WORDS = [("BudgetExplorer", "metric")]  # in the picture only
OWN_TESTS = ["ExperimentPanel"]  # its pictures come while a run goes on


@pytest.fixture
def widget(name, monkeypatch):
    monkeypatch.setattr(training, "STEPS", 12)
    monkeypatch.setattr(training, "STRIDE", 3)
    return getattr(ro.widgets, name)(**SMALL.get(name, {}))


def test_all_widgets_are_covered():
    assert {*MOVES, *OWN_TESTS} == set(ro.widgets.__all__)


@pytest.mark.parametrize("name, control", [(name, control) for name, moves in MOVES.items() for control in moves])
def test_every_control_changes_the_picture_and_the_words(widget, name, control):
    place = widget.figure if hasattr(widget, "figure") else widget.image
    words = [getattr(widget, part) for part in ("summary", "status") if hasattr(widget, part)]
    before, said = place.value, [part.value for part in words]
    getattr(widget, control).value = MOVES[name][control]
    assert place.value == widget.picture.html != before and "<img alt=" in place.value
    assert words and (not hasattr(widget, "error") or widget.error.value == "")
    for part, old in zip(words, said, strict=True):
        assert part.value != old or (name, control) in SAME_WORDS
    assert not any('role="alert"' in text for text in shown(widget))


@pytest.mark.parametrize("name", ro.widgets.__all__)
def test_controls_are_described_and_wait_for_the_release(widget, name):
    named = controls(widget)
    assert set(getattr(widget, "controls", named)) <= set(named)
    assert all(getattr(widget, control) in named for control in MOVES.get(name, ()))
    for control in named:
        assert control.description
        assert not control.has_trait("continuous_update") or control.continuous_update is False
