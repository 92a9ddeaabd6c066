"""What every widget does when a control is moved: another picture, other words, no alert, once it is released."""

from __future__ import annotations

import pytest
from every_widget import controls, shown

import revorder as ro
from revorder.widgets import training

SMALL = {
    "DigitsExplorer": {"steps": 40, "stride": 10},
}
MOVES = {  # widget -> control -> a value that it does not have at first
    "DigitsExplorer": {"lr": 0.3, "batch_size": 16, "order": "two-sided", "seed": 1},
}  # fmt: skip
OWN_TESTS = ["ExperimentPanel", "RegimeExplorer"]  # their pictures come when a button has been pressed


@pytest.fixture
def widget(name, monkeypatch):
    monkeypatch.setattr(training, "LOOKS", (3, 12))
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
        assert part.value != old
    assert not any('role="alert"' in text for text in shown(widget))


@pytest.mark.parametrize("name", ro.widgets.__all__)
def test_controls_are_described_and_wait_for_the_release(widget, name):
    named = controls(widget)
    assert set(getattr(widget, "controls", named)) <= set(named)
    assert all(getattr(widget, control) in named for control in MOVES.get(name, ()))
    for control in named:
        assert control.description
        assert not control.has_trait("continuous_update") or control.continuous_update is False
