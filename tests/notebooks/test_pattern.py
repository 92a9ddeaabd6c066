"""Each rule of the pattern that the widget leads refuses something: it is broken once in a notebook that keeps it."""

from __future__ import annotations

import copy
import re

import nbformat
import pytest
from conftest import NOTEBOOKS
from notebook_parts import WIDGET, code, names, visible_lines, widgets, words
from pattern_rules import LED, PATTERN, is_led

MODEL = next(path for path in NOTEBOOKS if path.stem.startswith("02"))


def add_prose(text):
    def spoil(notebook):
        notebook.cells.insert(5, nbformat.v4.new_markdown_cell(text))

    return spoil


def add_code(source, *tags, outputs=(), hidden=False):
    def spoil(notebook):
        cell = nbformat.v4.new_code_cell(source, outputs=list(outputs))
        cell.metadata["tags"] = [*tags, *(["hide-input"] if hidden else [])]
        cell.metadata["jupyter"] = {"source_hidden": hidden}
        notebook.cells.append(cell)

    return spoil


def prose_before_the_figure(notebook):
    notebook.cells.insert(1, nbformat.v4.new_markdown_cell("First some theory."))


def long_title(notebook):
    notebook.cells[0].source += " much more to say" * 20


def open_setup(notebook):
    notebook.cells[1].metadata["tags"] = []


def no_question(notebook):
    notebook.cells[3].source = notebook.cells[3].source.replace("What do you notice?", "Look:")


def one_figure(notebook):
    notebook.cells = notebook.cells[:4]


def without(kind, figure):
    def spoil(notebook):
        for data in (data for cell in code(notebook) for data in widgets(cell)):
            if f'data-figure="{figure}"' in "".join(data["text/html"]):
                data.pop(kind, None)

    return spoil


def broken_state(notebook):
    data = widgets(notebook.cells[2])[0]
    data["text/html"] = "".join(data["text/html"]).replace('data-state="{', 'data-state="', 1)


def no_predictions(notebook):
    for cell in code(notebook):
        cell.source = cell.source.replace("ro.live.Predict(", "print(")


def unfolded_checks(notebook):
    for cell in code(notebook):
        if "checks" in cell.metadata.get("tags", []):
            cell.metadata["jupyter"] = {}


def mute_checks(notebook):
    for cell in code(notebook):
        if "checks" in cell.metadata.get("tags", []):
            cell.outputs = []


def no_goals(notebook):
    for cell in code(notebook):
        for name in set(names(notebook)) - {"Predict"}:
            cell.source = cell.source.replace(f"ro.live.{name}(", "ro.live.Predict(")


def same_picture_twice(notebook):
    output = next(o for cell in code(notebook) for o in cell.outputs if "image/png" in o.get("data", {}))
    add_code("again", outputs=[copy.deepcopy(output)])(notebook)


def slow(notebook):
    for cell in notebook.cells:
        cell.source = cell.source.replace(" minutes", "0 minutes")


def explain(old, new):
    def spoil(notebook):
        for cell in notebook.cells:
            if {"explain", "explained"} & {*cell.metadata.get("tags", [])}:
                cell.source = re.sub(old, new, cell.source)

    return spoil


def no_explanation(notebook):
    notebook.cells = [cell for cell in notebook.cells if "explain" not in cell.metadata.get("tags", [])]


SPOILED = [
    ("a_live_figure_comes_first", prose_before_the_figure),
    ("a_live_figure_comes_first", long_title),
    ("a_live_figure_comes_first", open_setup),
    ("a_live_figure_comes_first", no_question),
    ("the_figure_leads", one_figure),
    ("every_widget_has_a_picture_or_text_of_itself", without("image/png", "chaos")),
    ("every_widget_has_a_picture_or_text_of_itself", without("text/html", "chaos")),
    ("states_are_readable", broken_state),
    ("predictions_are_commitments", no_predictions),
    ("predictions_are_commitments", add_prose("**Predict.** What comes next? It is 3.")),
    ("code_and_prose_are_short", add_code("1\n" * 90)),
    ("code_and_prose_are_short", add_prose("word " * 1500)),
    ("checks_are_folded_and_speak", add_code("assert 1 < 2")),
    ("checks_are_folded_and_speak", unfolded_checks),
    ("checks_are_folded_and_speak", mute_checks),
    ("checks_are_folded_and_speak", add_code("1 + 1", "checks", hidden=True)),
    ("no_cell_is_silent", add_code("x = 1")),
    ("nothing_is_shown_twice", add_code("figure.picture")),
    ("nothing_is_shown_twice", same_picture_twice),
    ("two_goals_can_be_reached", no_goals),
    ("takes_no_longer_than_a_lesson", slow),
    ("takes_no_longer_than_a_lesson", add_prose("the state (no unit)")),
    ("one_thing_is_explained_in_a_sentence", no_explanation),
    ("one_thing_is_explained_in_a_sentence", add_prose("**Explain in a sentence.** Why?\n\n*Yours:* …")),
    ("one_thing_is_explained_in_a_sentence", explain(r"\*Yours.*", "")),
    ("one_thing_is_explained_in_a_sentence", explain(r"\?\n", ".\n")),
    ("one_thing_is_explained_in_a_sentence", explain("<details>", "<div>")),
    ("one_thing_is_explained_in_a_sentence", explain(r"\n- .*", "")),
    ("one_thing_is_explained_in_a_sentence", explain(r"(\n- .*)", r"\1\1")),
    ("one_thing_is_explained_in_a_sentence", explain(r"\.\n\n-", ". And more.\n\n-")),
]


@pytest.mark.parametrize("rule, spoil", SPOILED, ids=lambda value: getattr(value, "__name__", value))
def test_rules_refuse(rule, spoil):
    notebook = copy.deepcopy(nbformat.read(MODEL, as_version=4))
    assert list(PATTERN[rule](notebook)) == []
    spoil(notebook)
    assert list(PATTERN[rule](notebook))


def test_every_rule_is_shown_to_refuse():
    assert {rule for rule, _ in SPOILED} == PATTERN.keys()


def test_the_pattern_holds_for_these_notebooks():
    led = {path.stem[:2] for path in NOTEBOOKS if is_led(nbformat.read(path, as_version=4))}
    assert led == set(LED)


def test_lines_and_words_are_counted():
    cells = [
        nbformat.v4.new_code_cell("a = 1\n\nb = 2"),
        nbformat.v4.new_markdown_cell("Two words $x + y = z$ [a](b.md)"),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    assert visible_lines(notebook) == 2
    assert words(notebook) == 5  # the formula and the link's address count as one each
    assert WIDGET.endswith("+json")
