"""Figures and widgets of the course by name, drawn once, with the matplotlib figure behind each picture.

Names come from the registries of `revorder.plots` and `revorder.widgets`, so that a new one is covered or fails.
"""

from __future__ import annotations

import functools
from html.parser import HTMLParser

import figure_samples
import pytest
from every_widget import shown
from seen import caught, texts

import revorder as ro
from revorder.widgets.live import Curves

FIGURES = sorted(name for name in ro.plots.__all__ if name.endswith("_figure"))
WIDGETS = sorted(ro.widgets.__all__)
SHORT = {"DigitsExplorer": {"steps": 40, "stride": 10}}
TEXT = 4.5  # contrast of small text with its background: WCAG 2.2, 1.4.3
HOSTILE = "<i id='evil'>\"&amp;"
every = pytest.mark.parametrize("name", [*FIGURES, *WIDGETS])
every_figure, every_widget = (pytest.mark.parametrize("name", names) for names in (FIGURES, WIDGETS))


@functools.cache
def widget(name):
    """A widget that tests may move, and what it drew at first: (matplotlib figure, picture)."""
    with caught() as made:
        shown = getattr(ro.widgets, name)(**SHORT.get(name, {}))
        if name == "ExperimentPanel":  # its picture is empty until a run begins
            runs = {(o, 0): figure_samples.loss_run(o, i) for i, o in enumerate(figure_samples.MORE_ORDERS)}
            Curves(runs).picture()
    return shown, made[-1]


@functools.cache
def drawn(name):
    """The matplotlib figure of a figure function or a widget, and its picture."""
    if name in WIDGETS:
        return widget(name)[1]
    with caught() as made:
        figure_samples.FUNCTIONS[name](0)
    return made[-1]


@functools.cache
def texts_of(name):
    return texts(drawn(name)[0])


def diverge(*args, **options):
    """What a run does whose numbers blow up; what it says must be escaped."""
    raise ro.DivergedError(f"it blew up {HOSTILE}", step=1, position=0, batch=0, order=ro.Forward(), trajectory=None)


class Tags(HTMLParser):
    """Elements of a piece of HTML: (tag, attributes, text inside)."""

    VOID = ("img", "br")

    def __init__(self, html):
        super().__init__()
        self.open, self.elements = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        element = [tag, dict(attributes), ""]
        self.elements.append(element)
        if tag not in self.VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for element in self.open:
            element[2] += data


def elements(made):
    return [element for html in shown(made) for element in Tags(html).elements]


def roles(made, role):
    return [text for _, attributes, text in elements(made) if attributes.get("role") == role]


def statuses(made):
    return roles(made, "status")
