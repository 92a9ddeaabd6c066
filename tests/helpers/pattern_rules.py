"""The pattern of a notebook that the widget leads; all notebooks keep it."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator

import nbformat
from nbformat import NotebookNode
from notebook_parts import code, figures, folded, markup, names, prose, tags, visible_lines, widgets, words

import revorder as ro
from revorder.live.modules import FOLDER

Rule = Callable[[NotebookNode], Iterator[str]]
PATTERN: dict[str, Rule] = {}
LED = ("00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12")
GRADED = ("11", "12")  # assignments: figures and predictions are few, and nothing unfolds
MOST_LINES, MOST_WORDS, MOST_MINUTES = 80, 1500, 45


def is_led(notebook: NotebookNode) -> bool:
    return re.match(r"# (\d\d) ", notebook.cells[0].source).group(1) in LED


def is_graded(notebook: NotebookNode) -> bool:
    return re.match(r"# (\d\d) ", notebook.cells[0].source).group(1) in GRADED


def rule(function: Rule) -> Rule:
    """For notebooks of the pattern only."""

    def checked(notebook: NotebookNode) -> Iterator[str]:
        if is_led(notebook):
            yield from function(notebook)

    checked.__name__ = function.__name__
    PATTERN[function.__name__] = checked
    return function


@rule
def a_live_figure_comes_first(notebook):
    """Title and one question, a folded set-up, and the figure: all on the first screen."""
    title, setup, first = notebook.cells[:3]
    said = nbformat.v4.new_markdown_cell(re.sub(r"\[!\[Open in \w+\]\(\S+\)\]\(\S+\)", "", title.source))  # no badges
    if title.cell_type != "markdown" or words(nbformat.v4.new_notebook(cells=[said])) > 45:
        yield "the first cell is more than a title and one question"
    if setup.cell_type != "code" or not folded(setup):
        yield "the second cell is no folded set-up"
    live = first.cell_type == "code" and widgets(first) and "data-figure" in markup(widgets(first)[0])
    if not live and not (first.cell_type == "code" and widgets(first) and "ExperimentPanel(" in first.source):
        yield "the third cell shows no live figure"
    if len(first.source.splitlines()) > 3:
        yield "the first figure takes more than three lines"
    if "What do you notice?" not in notebook.cells[3].source:
        yield "below the first figure nobody asks what you notice"


@rule
def the_figure_leads(notebook):
    shown = [data for cell in code(notebook) for data in widgets(cell)]
    toys = [data for data in shown if 'data-figure="predict"' not in markup(data)]
    least = 1 if is_graded(notebook) else 3
    if len(toys) < least:
        yield f"{len(toys)} live figures or widgets, of {least}"


@rule
def every_widget_has_a_picture_or_text_of_itself(notebook):
    for cell in code(notebook):
        for data in widgets(cell):
            text = markup(data)
            if 'data-figure="predict"' in text:
                if "<details>" not in text:
                    yield f"no text of a prediction: {cell.source}"
            elif "image/png" not in data or not re.search(r'<img[^>]* alt="[^"]{40,}"', text):
                yield f"no picture with alt text: {cell.source}"


@rule
def states_are_readable(notebook):
    for data in (data for cell in code(notebook) for data in widgets(cell)):
        for state in re.findall(r'data-state="([^"]*)"', markup(data)):
            try:
                json.loads(html.unescape(state))
            except ValueError:
                yield f"the state of a figure is no JSON: {state[:80]}"


@rule
def predictions_are_commitments(notebook):
    if "**Predict.**" in prose(notebook):
        yield "a prediction in Markdown has its answer in sight"
    least = 1 if is_graded(notebook) else 2
    if names(notebook).count("Predict") < least:
        yield f"fewer than {least} predictions to commit to"


@rule
def code_and_prose_are_short(notebook):
    if (lines := visible_lines(notebook)) > MOST_LINES:
        yield f"{lines} visible lines of code, of {MOST_LINES} at most"
    if (count := words(notebook)) > MOST_WORDS:
        yield f"{count} words, of {MOST_WORDS} at most"


@rule
def checks_are_folded_and_speak(notebook):
    for cell in code(notebook):
        asserts = re.search(r"^\s*assert ", cell.source, flags=re.MULTILINE)
        tagged = "checks" in tags(cell)
        if asserts and not tagged:
            yield f"an assertion outside of a cell tagged checks: {cell.source[:80]}"
        if tagged and not (folded(cell) and asserts):
            yield f"a cell of checks is not folded, or asserts nothing: {cell.source[:80]}"
        if tagged and not re.search(
            r"^checks? .*holds?$", "".join(o.get("text", "") for o in cell.outputs), re.MULTILINE
        ):
            yield f"a cell of checks does not say that they hold: {cell.source[:80]}"


@rule
def no_cell_is_silent(notebook):
    """But the set-up, and what an assignment leaves to its learner."""
    for cell in code(notebook)[1:]:
        if not cell.outputs and "nbgrader" not in cell.metadata:
            yield f"a cell shows nothing: {cell.source[:80]}"


@rule
def nothing_is_shown_twice(notebook):
    if any(re.search(r"\.picture\s*$", cell.source) for cell in code(notebook)):
        yield "the picture of a widget is shown once more"
    pictures = Counter(data["image/png"] for data in figures(notebook))
    if pictures and max(pictures.values()) > 1:
        yield "the same picture twice"


@rule
def two_goals_can_be_reached(notebook):
    goals = sum(
        len(re.findall(r"\breached(?::|\()", (FOLDER / f"{getattr(ro.live, name).figure}.js").read_text()))
        for name in set(names(notebook))
    )
    if goals < 2:
        yield f"{goals} goals, of 2"


@rule
def takes_no_longer_than_a_lesson(notebook):
    """And no text says what a unit is not."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    stated = [
        int(number) for number in re.findall(r"\*\*Time\*\*\s+(?:about )?(\d+)(?:\s*(?:to|-)\s*\d+)? minutes", text)
    ]
    if not stated or max(stated) > MOST_MINUTES:
        yield f"{stated} minutes are stated, of {MOST_MINUTES} at most"
    if "(no unit)" in text:
        yield "(no unit)"


@rule
def one_thing_is_explained_in_a_sentence(notebook):
    """A question with a place to write; in the next cell a sentence to compare with unfolds, and what to look for."""
    if is_graded(notebook):
        return
    places = [i for i, cell in enumerate(notebook.cells) if "**Explain in a sentence.**" in cell.source]
    if len(places) != 1 or places[0] + 1 == len(notebook.cells):
        yield f"{len(places)} questions to explain in a sentence, not one"
        return
    asked, told = (notebook.cells[places[0] + i].source for i in (0, 1))
    if not re.search(r"\?\n\n\*Yours[^*]*:\* …$", asked) or "<details>" in asked:
        yield "no question with a place to write below it"
    found = re.fullmatch(r"<details><summary>Compare</summary>\n\n(.+\.)\n\n((?:- .+\n)+)\n</details>", told)
    if found is None or len(found.group(1).split("\n\n")) != 1 or len(found.group(2).splitlines()) not in (2, 3):
        yield "no sentence that unfolds, with two or three points to compare"
    elif re.search(r"\. [A-Z]", found.group(1)):
        yield "more than one sentence to compare with"
