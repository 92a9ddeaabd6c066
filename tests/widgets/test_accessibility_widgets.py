"""Every widget of the course, for readers who listen or see badly: labels, alerts, spoken words, colours of texts."""

from __future__ import annotations

import re

import ipywidgets as W
import pytest
from every_picture import HOSTILE, TEXT, WIDGETS, diverge, elements, every_widget, roles, statuses, widget
from every_widget import controls
from matplotlib.colors import to_rgb
from seen import caught, contrast

import revorder as ro
from revorder.widgets import training

NO_UNIT = {
    "θ or a multiple of it": ("start a", "start b", "tolerance"),
    "ratios": ("learning rate", "learning rate h", "momentum", "condition number"),
    "the name says what is counted": ("batch size", "number of draws", "period K", "seeds", "steps N", "step n",
                                      "stride: a checkpoint every … steps", "width"),
    "labels of a random stream": ("draw", "seed", "seed of the tosses"),
}  # fmt: skip
BAD = {  # a control, and a value that cannot be used; None: there is none
    "DigitsExplorer": ("lr", 0.9),
    "ExperimentPanel": ("orders", "no-such-order"),
    "RegimeExplorer": ("lr", 0.9),
}
# a move takes long
TRAINING = {"DigitsExplorer": (ro.problems.Problem, "run"), "RegimeExplorer": (training, "run_seeds")}
PRESSED = {"ExperimentPanel": "start", "RegimeExplorer": "train"}  # the button without which nothing happens


def test_there_is_a_line_on_bad_input_for_every_widget():
    assert set(BAD) == set(WIDGETS)


def another(control):
    """A value near that of a control, or None if it has no other."""
    if hasattr(control, "options"):
        every = list(control._options_values)
        return every[every.index(control.value) - 1] if len(every) > 1 else None
    if isinstance(control, W.FloatLogSlider):
        return control.value / 10**control.step
    if isinstance(control, (W.FloatSlider, W.IntSlider, W.BoundedIntText)):
        return control.value + control.step if control.value < control.max else control.value - control.step
    return None


@pytest.mark.parametrize("name", sorted({*WIDGETS} - PRESSED.keys()))
def test_alt_text_and_spoken_words_follow_every_move(name):
    made = widget(name)[0]
    changed = set()
    for control in controls(made)[: 2 if name in TRAINING else None]:
        before, alt, said = control.value, made.picture.alt, statuses(made)
        value = None if control.layout.visibility == "hidden" else another(control)
        if value is None:
            continue
        with caught(draw=False):
            control.value = value
            assert made.picture.alt != alt, control.description
            changed |= {said != statuses(made)}
            control.value = before
        assert made.picture.alt == alt, control.description
    assert changed >= {True}


@every_widget
def test_controls_have_labels_of_their_own_with_units(name):
    made = widget(name)[0]
    named = controls(made)
    labels = [part.description.strip() for part in named]
    assert all(len(label) > 1 for label in labels) and len(set(labels)) == len(labels)
    plain = {label for labels in NO_UNIT.values() for label in labels}
    for part in named:
        if isinstance(part, (W.IntSlider, W.FloatSlider, W.FloatLogSlider, W.SelectionSlider, W.IntText)):
            assert part.description in plain or re.search(r"\(\S+\)$", part.description), part.description


def give(made, name, patch):
    """Let a learner do what cannot be done, with text that must be escaped where text can be typed."""
    field, value = BAD[name]
    if name in TRAINING:
        patch.setattr(*TRAINING[name], diverge)
    control = getattr(made, field)
    control.value = value + HOSTILE if isinstance(control, W.Text) else value
    if name in PRESSED:
        getattr(made, PRESSED[name]).click()


@pytest.mark.parametrize("name", [name for name in WIDGETS if BAD.get(name)])
def test_bad_input_is_an_alert_that_goes_away(name, monkeypatch):
    made = widget(name)[0]
    before = getattr(made, BAD[name][0]).value
    assert roles(made, "alert") == []
    with caught(draw=False):
        with monkeypatch.context() as patch:
            give(made, name, patch)
            (said,) = roles(made, "alert")
            assert len(said) > 30 and not any(attributes.get("id") == "evil" for _, attributes, _ in elements(made))
        getattr(made, BAD[name][0]).value = before
    assert roles(made, "alert") == [] or name in PRESSED  # there it stays until the next button


def test_the_panel_says_what_it_does():
    made = widget("ExperimentPanel")[0]
    said = statuses(made)
    made._become("paused", "The thread waits.")
    try:
        assert statuses(made) == ["Paused. The thread waits."] != said
    finally:
        made._become("idle", "")


@every_widget
def test_texts_of_widgets_leave_colours_to_the_page(name):
    """So that they are readable on JupyterLab's light and dark theme, and no colour says what no word says."""
    for tag, attributes, _ in elements(widget(name)[0]):
        styles = dict(part.split(":", 1) for part in (attributes.get("style") or "").split(";") if ":" in part)
        styles = {key.strip(): value.strip() for key, value in styles.items()}
        assert tag != "font" and not {"color", "bgcolor"} & set(attributes)
        if {"color", "background", "background-color"} & set(styles):
            ground = styles.get("background", styles.get("background-color"))
            assert "color" in styles and ground, styles
            assert contrast(to_rgb(styles["color"]), to_rgb(ground)) >= TEXT
