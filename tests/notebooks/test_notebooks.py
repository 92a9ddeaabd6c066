"""What every notebook must have. nbval runs them; this refuses one that runs but checks or explains nothing."""

from __future__ import annotations

import copy
import re

import nbformat
import pytest
from conftest import NOTEBOOKS
from notebook_parts import code, figures, prose
from notebook_rules import RULES, asked, claims, complaints
from pattern_rules import PATTERN

from revorder.course.checking import EXERCISES, check


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_there_are_notebooks():
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{number:02d}" for number in range(13)]


def test_keeps_all_rules(notebook):
    assert complaints(notebook) == []


def test_exercises_exist(notebook):
    for name in asked(notebook):
        assert "not answered yet" in check(name, ...).message
        assert name in EXERCISES


def test_links_between_notebooks_exist(notebook):
    for target in re.findall(r"\]\(([\w./-]+\.ipynb)\)", prose(notebook)):
        assert (NOTEBOOKS[0].parent / target).exists(), target


def test_every_notebook_is_on_the_map():
    """In the README, and at the end of notebook 00."""
    readme = (NOTEBOOKS[0].parent.parent / "README.md").read_text()
    last = prose(nbformat.read(NOTEBOOKS[0], as_version=4)).split("## Where to go next")[1]
    for path in NOTEBOOKS[1:]:
        assert f"](notebooks/{path.name})" in readme, path.name
        assert f"]({path.name})" in last, path.name


def test_the_folder_stays_small():
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 12_000_000


# A rule that refuses nothing is no rule: each is broken once in a notebook that keeps them all.


def replace_in_opening(old, new):
    def spoil(notebook):
        for cell in notebook.cells[:8]:
            cell.source = re.sub(old, new, cell.source)

    return spoil


def unasserted(notebook):
    for cell in code(notebook):
        cell.source = cell.source.replace("# claim 1", "# see below")


def not_an_assertion(notebook):
    """The mark alone is not enough: it must stand behind an assertion."""
    for cell in code(notebook):
        cell.source = re.sub(r"assert (.*)# claim 1$", r"\1# claim 1", cell.source, flags=re.MULTILINE)


def claim_without_assertion(notebook):
    last, number = claims(notebook)[-1], len(claims(notebook)) + 1
    for cell in notebook.cells:
        cell.source = cell.source.replace(last, f"{last}\n{number}. More. *(asserted)*")


def exercise_solved(notebook):
    for cell in code(notebook):
        if "course.check" in cell.source:
            cell.outputs = []


def without(kind):
    def spoil(notebook):
        for cell in code(notebook):
            cell.outputs = [output for output in cell.outputs if kind not in output.get("data", {})]

    return spoil


def without_alt(notebook):
    figures(notebook)[0]["text/html"] = figures(notebook)[0]["text/html"].replace("<img alt=", "<img title=")


def large_figure(notebook):
    figures(notebook)[0]["image/png"] = "A" * 120_000


def run_twice(notebook):
    code(notebook)[0].execution_count = 17


def failed(notebook):
    code(notebook)[0].outputs = [nbformat.v4.new_output("error", ename="E", evalue="", traceback=[])]


def uncompared(notebook):
    for cell in code(notebook):
        cell.metadata["tags"] = []


def long_cell(notebook):
    code(notebook)[1].source += "\n1" * 20


def machine_path(notebook):
    code(notebook)[0].source += '\nopen("/home/me/data")'


def with_code(*lines):
    def spoil(notebook):
        code(notebook)[0].source += "".join(f"\n{line}" for line in lines)

    return spoil


def example_with_a_hidden_name(notebook):
    notebook.cells[0].source += "\n\n```py\nfrom revorder.updates.lie import lie_bracket\n```\n"


SPOILED = [
    ("runs_in_order", run_twice),
    ("runs_in_order", failed),
    ("says_what_it_is_for", replace_in_opening("What you will be able to do", "Aims")),
    ("says_what_it_is_for", replace_in_opening("Prerequisites", "Before")),
    ("says_how_long_it_takes", replace_in_opening(r"\d+ minutes", "a while")),
    ("says_how_long_it_takes", replace_in_opening(r"\d+ minutes", "3 minutes")),
    ("says_how_long_it_takes", replace_in_opening(r"\d+ minutes", "300 minutes")),
    ("has_a_widget_and_a_static_figure_of_it", without("application/vnd.jupyter.widget-view+json")),
    ("figures_have_alt_text_and_stay_small", without_alt),
    ("figures_have_alt_text_and_stay_small", large_figure),
    ("has_exercises_left_to_the_learner", exercise_solved),
    ("every_claim_at_the_end_is_asserted", unasserted),
    ("every_claim_at_the_end_is_asserted", not_an_assertion),
    ("every_claim_at_the_end_is_asserted", claim_without_assertion),
    ("deterministic_text_is_compared", uncompared),
    ("cells_are_short_and_know_no_machine", long_cell),
    ("cells_are_short_and_know_no_machine", machine_path),
    ("imports_only_what_is_public", with_code("import revorder")),
    ("imports_only_what_is_public", with_code("import revorder.plots as plots")),
    ("imports_only_what_is_public", with_code("from revorder import theory")),
    ("imports_only_what_is_public", with_code("from revorder.plots.chaos import corner_weights")),
    ("imports_only_what_is_public", with_code("from revorder.plots import chaos")),
    ("imports_only_what_is_public", with_code("from revorder.plots import figure", "from revorder.models import mlp")),
    ("imports_only_what_is_public", with_code("ro.plots.chaos.corner_weights")),
    ("imports_only_what_is_public", example_with_a_hidden_name),
]


@pytest.mark.parametrize("rule, spoil", SPOILED, ids=lambda value: getattr(value, "__name__", value))
def test_rules_refuse(rule, spoil):
    notebook = copy.deepcopy(nbformat.read(NOTEBOOKS[7], as_version=4))
    assert list(RULES[rule](notebook)) == []
    spoil(notebook)
    assert list(RULES[rule](notebook))


@pytest.mark.parametrize(
    "line",
    [
        "from revorder.diagnostics import commutator, lie_bracket",
        "from revorder.experiments.budget import compare",
        "ro.plots.STYLES[0].items()",
        "from numpy.random import default_rng",
    ],
)
def test_one_public_submodule_may_be_named(line):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"import revorder as ro\n{line}")])
    assert list(RULES["imports_only_what_is_public"](notebook)) == []


@pytest.mark.parametrize("path", sorted((NOTEBOOKS[0].parent / "figures").glob("*.py")), ids=lambda path: path.stem)
def test_scripts_of_figures_import_only_what_is_public(path):
    script = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(path.read_text())])
    assert list(RULES["imports_only_what_is_public"](script)) == []


def test_every_rule_is_shown_to_refuse():
    assert {rule for rule, _ in SPOILED} == RULES.keys() - PATTERN.keys()  # test_pattern.py breaks the others
