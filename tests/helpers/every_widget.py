"""Every widget of the course in one kernel, and what a test asks there about their controls."""

from __future__ import annotations

from typing import Any

import ipywidgets as W

import revorder as ro
from revorder.widgets.base import inside

SLIDERS = ("IntSlider", "FloatSlider", "FloatLogSlider", "SelectionSlider")
WAYS: dict[str, list[tuple]] = {  # arguments with which a class shows all its controls; several times if one hides some
    "DigitsExplorer": [(40,)],  # few steps: training is not what is tested here
}
MADE = [(name, arguments) for name in ro.widgets.__all__ for arguments in WAYS.get(name, [()])]
clicked: list[W.Button] = []


def show() -> list[Any]:
    """The widgets of `MADE`, all that can be used made usable, all clicks noted."""
    made = [getattr(ro.widgets, name)(*arguments) for name, arguments in MADE]
    for widget in made:
        for button in (each for each in controls(widget) if isinstance(each, W.Button)):
            button.disabled = False
            button.on_click(clicked.append)
    return made


def controls(widget: Any) -> list[W.Widget]:
    """What a learner can move, in the order in which it stands in the view."""
    silent = (W.HTML, W.HTMLMath, W.Label, W.FloatProgress)
    return [each for each in inside(widget.view)
            if isinstance(each, W.Button) or hasattr(each, "value") and not isinstance(each, silent)]  # fmt: skip


def shown(widget: Any) -> list[str]:
    """Every text and picture that it shows."""
    return [each.value for each in inside(widget.view) if isinstance(each, (W.HTML, W.HTMLMath, W.Label))]


def row(control: W.Widget) -> tuple[str, str, bool, int]:
    """Class, label, whether it can be used now, number of choices (2 if there are many)."""
    usable = control.layout.visibility != "hidden" and not control.disabled
    return type(control).__name__, control.description, usable, len(getattr(control, "options", "12"))


def value(control: W.Widget) -> Any:
    """What a key should change: the value as a literal, or the number of clicks on any button."""
    return len(clicked) if isinstance(control, W.Button) else repr(control.value)


def put(control: W.Widget, old: Any) -> bool:
    control.value = old
    return True


def other(control: W.Widget) -> str:
    """A number to type beside a slider that is not its value."""
    if isinstance(control, W.SelectionSlider):
        return "7"
    powers = isinstance(control, W.FloatLogSlider)
    low, high = (control.base**end if powers else end for end in (control.min, control.max))
    return str(low if control.value != low else high)


def away(control: W.Widget) -> str:
    """The arrow that leads away from the end of the range."""
    if hasattr(control, "options"):
        at_end = control.index == len(control.options) - 1
    else:
        at_end = control.value == getattr(control, "max", None)
    return "ArrowDown" if at_end != isinstance(control, W.Dropdown) else "ArrowUp"
