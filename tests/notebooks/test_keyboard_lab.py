"""Every control of every widget is reached, named, seen and worked by keyboard in a real JupyterLab.

Four limits are not ours, and a test tells when they are gone (ipywidgets 8.1, JupyterLab 4.6):
- the handle of a slider has no accessible name: a screen reader says "slider" and its value; the label stands before;
- the value beside a slider has neither name nor role: it is a plain editable element;
- the value beside a SelectionSlider can be typed over, but that is ignored;
- JupyterLab takes the arrow keys from a closed dropdown: Space or Alt+Down opens its list, where they work.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import every_widget
import nbformat
import pytest
from every_widget import MADE, SLIDERS
from lab import RUN, ask, boxes, mistakes, opened, served

import revorder as ro

SETUP = """import sys
sys.path.insert(0, {folder!r})
import torch
from every_widget import away, controls, other, put, row, show, value
torch.set_num_threads(1)
shown = show()"""
TABLE = "[[row(control) for control in controls(widget)] for widget in shown]"
KEYS = {  # what a learner presses who has no mouse; "arrow": up or down, away from the end of the range
    "readout": ["Enter"], "Dropdown": ["Space", "arrow", "Enter"], "Checkbox": ["Space"], "Button": ["Enter"],
    "Text": ["End", "1", "Enter"], "Textarea": ["Control+End", "Space", "0", "Tab"],
    **{kind: ["arrow"] for kind in (*SLIDERS, "IntText", "BoundedIntText")},
}  # fmt: skip
START = """boxes => {
    window.boxes = boxes;
    window.stops = [];
    window.look = element => {
        const style = getComputedStyle(element);
        return [style.outlineStyle === 'none' ? '' : style.outline, style.boxShadow, style.borderColor,
                style.backgroundColor].join(' | ');
    };
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = 1;
    notebook.mode = 'command';
    notebook.activate();
}"""
STOP = """() => {
    const element = document.activeElement, own = element.closest('.widget-inline-hbox, .jupyter-button');
    const labels = own ? [own, ...own.querySelectorAll('.widget-label, .widget-label-basic')] : [];
    window.stops.push(element);
    return {
        box: window.boxes.findIndex(box => box.contains(element)),
        label: labels.filter(each => each.matches('button, label') && getComputedStyle(each).display !== 'none')
            .map(each => each.textContent).join(),
        readout: element.matches('.widget-readout'),
        look: window.look(element),
        back: window.stops.indexOf(element),
    };
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A notebook with every widget class, and a JupyterLab that serves it."""
    folder = tmp_path_factory.mktemp("every-widget")
    sources = [
        SETUP.format(folder=str(Path(every_widget.__file__).parent)),
        *(f"shown[{i}].view" for i in range(len(MADE))),
    ]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), folder / "every.ipynb")
    with served("jupyter lab --allow-root every.ipynb", folder, tmp_path_factory.mktemp("jupyter")) as lab:
        yield lab


@dataclass(frozen=True)
class Walk:
    """A page with all widgets, walked through once by Tab from the cell before the first widget.

    Attributes:
        table: for each widget its controls: class, description, whether it can be used now, number of options.
        stops: what the Tab key reached.
    """

    page: Any
    table: list
    stops: list

    @property
    def pairs(self):
        """What was reached, and what should have been."""
        return list(zip(self.stops, expected(self.table), strict=True))


@pytest.fixture(scope="module")
def kept():
    with ExitStack() as stack:
        yield stack, []


@pytest.fixture
def walk(lab, chromium, kept):
    stack, made = kept
    if not made:
        page = stack.enter_context(opened(lab, "every.ipynb", chromium))
        assert page.evaluate(RUN), mistakes(page)
        table = ask(page, TABLE)
        page.evaluate(START, [box.element_handle() for box in boxes(page)])
        made.append(Walk(page, table, walked(page, len(list(expected(table))))))
    return made[0]


def stop(page, key):
    page.keyboard.press(key)
    return page.evaluate(STOP) | accessible(page)


def walked(page, length):
    """What Tab reaches, from the first widget on."""
    stops = [stop(page, "Tab") for _ in range(length)]
    if stops[0]["box"] < 0:  # the toolbar of the active cell, where JupyterLab drew it in time
        page.evaluate("window.stops.shift()")
        stops = [*stops[1:], stop(page, "Tab")]
    return stops


def accessible(page):
    """Role and name of the focused element as Chromium tells assistive technology."""
    session = page.context.new_cdp_session(page)
    element = session.send("Runtime.evaluate", {"expression": "document.activeElement"})["result"]["objectId"]
    tree = session.send("Accessibility.getPartialAXTree", {"objectId": element, "fetchRelatives": False})["nodes"]
    session.detach()
    return {"role": tree[0]["role"]["value"], "name": tree[0].get("name", {}).get("value", "")}


def expected(table):
    """(number of the widget, label, class, is it the value beside a slider) for every stop of the Tab key, in order."""
    for box, controls in enumerate(table):
        for kind, label, seen, _ in controls:
            for readout in (False, True) if seen and kind in SLIDERS else (False,) * seen:
                yield box, label, kind, readout


def test_every_control_shows_at_least_once(walk):
    hidden = {}
    for (name, _), controls in zip(MADE, walk.table, strict=True):
        for number, (_, _, seen, _) in enumerate(controls):
            hidden[name, number] = hidden.get((name, number), True) and not seen
    assert [control for control, is_hidden in hidden.items() if is_hidden] == []
    assert {name for name, _ in hidden} == set(ro.widgets.__all__)


def test_tab_reaches_every_control_in_order(walk):
    reached = [(each["box"], each["label"], each["readout"]) for each in walk.stops]
    assert reached == [(box, label, readout) for box, label, _, readout in expected(walk.table)]


def test_tab_leaves_the_last_widget_and_comes_back(walk):
    walk.page.evaluate("window.stops.at(-1).focus()")
    assert stop(walk.page, "Tab")["box"] == -1
    back = []
    while not back or back[-1]["back"] and len(back) < 2 * len(walk.stops):  # every cell has a toolbar on the way
        back.append(stop(walk.page, "Shift+Tab"))
    assert [each["back"] for each in back if each["box"] >= 0] == list(range(len(walk.stops)))[::-1]


def test_every_control_has_its_label_as_name(walk):
    for each, (_, label, kind, readout) in walk.pairs:
        if kind in SLIDERS:  # a limit: a label that is seen, but no name
            assert each["label"] == label != ""
            assert (each["role"], each["name"]) == ("generic" if readout else "slider", "")
        else:
            assert each["name"] == label.strip() != ""


def test_focus_is_seen(walk):
    """A stop looks different while it has the focus: its outline, shadow, border or background."""
    walk.page.evaluate("document.activeElement.blur()")
    for number, (each, what) in enumerate(walk.pairs):
        assert each["look"] != walk.page.evaluate("number => window.look(window.stops[number])", number), what


def test_every_control_answers_a_key(walk):
    for box, controls in enumerate(walk.table):
        for number, (kind, label, seen, choices) in reversed(list(enumerate(controls))):  # Start comes before Cost
            if seen and choices > 1:  # a machine without a GPU has one device: there is nothing to choose
                for number_of_stop in stops_of(walk, box, label):
                    answers(walk.page, f"controls(shown[{box}])[{number}]", kind, number_of_stop)


def stops_of(walk, box, label):
    return [n for n, (_, (in_box, said, _, _)) in enumerate(walk.pairs) if (in_box, said) == (box, label)]


def answers(page, control, kind, number):
    """Work a control by keyboard, look at its value in the kernel, and put it back."""
    element = page.evaluate_handle("number => window.stops[number]", number).as_element()
    page.wait_for_function("element => !element.disabled", arg=element)
    readout, before = element.evaluate("each => each.matches('.widget-readout')"), ask(page, f"value({control})")
    element.focus()
    if readout:
        page.keyboard.press("Control+A")
        page.keyboard.type(ask(page, f"other({control})"))
    for key in KEYS["readout" if readout else kind]:
        page.keyboard.press(ask(page, f"away({control})") if key == "arrow" else key)
    ignored = readout and kind == "SelectionSlider"  # a limit
    assert changes(page, control, before) != ignored, (control, kind, readout)
    assert kind in ("Textarea", "Button") or element.evaluate("each => each === document.activeElement"), control
    if kind != "Button":
        assert ask(page, f"put({control}, {before})")


def changes(page, control, before):
    for _ in range(30):
        if ask(page, f"value({control})") != before:
            return True
        page.wait_for_timeout(100)
    return False


def test_arrows_on_a_closed_dropdown_are_jupyterlabs(walk):
    """A limit."""
    element = boxes(walk.page)[1].locator("select").first
    stood = element.input_value()
    element.focus()
    walk.page.keyboard.press("ArrowDown")
    assert element.input_value() == stood
    assert not element.evaluate("each => each === document.activeElement")
