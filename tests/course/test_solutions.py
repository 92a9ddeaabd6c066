"""`ro.course.solution`: after two wrong answers, never for an assignment; each solution passes its own exercise."""

from __future__ import annotations

import re
import subprocess
import sys

import nbformat
import pytest
from conftest import NOTEBOOKS, ROOT
from notebook_rules import asked
from shipped import SHIPPED, bound

import revorder as ro
from revorder.course import checking
from revorder.course.checking import exercise

EVERY = """
import sys
sys.path.insert(0, sys.argv[1])
from shipped import SHIPPED, value
import revorder as ro
for name, code in SHIPPED.items():
    print(ro.course.check(name, value(code)))
"""


@pytest.fixture(autouse=True)
def fresh():
    """As in a process in which nothing was answered."""
    kept = dict(checking.WRONG), set(checking.SOLVED)
    checking.WRONG.clear(), checking.SOLVED.clear()
    yield
    checking.WRONG.update(kept[0]), checking.SOLVED.update(kept[1])


def test_every_solution_passes_its_own_exercise_in_a_fresh_process():
    arguments = [sys.executable, "-c", EVERY, str(ROOT / "tests" / "helpers")]
    done = subprocess.run(arguments, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [f"{name}: correct." for name in SHIPPED]


def test_every_exercise_of_a_notebook_that_is_not_graded_has_one():
    names = [name for path in NOTEBOOKS[:11] for name in asked(nbformat.read(path, as_version=4))]
    assert sorted({*names}) == sorted(SHIPPED)


def closed(text):
    return re.sub(r"\s", "", text)


def body(code):
    """A solution without imports, without the name that it binds, and without the `def` of a single `return`."""
    code = re.sub(r"^(from|import) .*\n+", "", code, flags=re.MULTILINE)
    return re.sub(r"^(\w+ = |\s*def .*:\n    return (?=.*\s*$))", "", code)


@pytest.mark.parametrize("path", NOTEBOOKS[:11], ids=lambda path: path.stem)
def test_the_notebook_unfolds_the_same_code(path):
    notebook = nbformat.read(path, as_version=4)
    prose = "".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    folds = closed("".join(re.findall(r"<details>.*?</details>", prose, flags=re.DOTALL)))
    cells = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    for name in asked(notebook):
        assert closed(body(SHIPPED[name])) in folds, name
        answer = bound(SHIPPED[name])
        assert f"{answer} = ..." in cells and f'ro.course.check("{name}", {answer})' in cells


def test_it_is_shown_after_two_wrong_answers():
    name = "00-which-batch"
    for said in ("2 wrong answers", "one more wrong answer"):
        first = ro.course.solution(name)
        assert not first and said in first.why and first.code == "" and "effects" not in repr(first)
        ro.course.check(name, ...)  # no try
        ro.course.check(name, (1, 1))
    shown = ro.course.solution(name)
    assert shown and shown.code == SHIPPED[name].strip() and shown.why.endswith(".")
    assert repr(shown) == f"{name}: {shown.why}\n\n{shown.code}"
    assert shown._repr_markdown_() == f"`{name}`: {shown.why}\n\n```python\n{shown.code}\n```"


def test_wrong_answers_to_another_exercise_do_not_count():
    for _ in range(3):
        ro.course.check("00-by-hand", None)
    assert ro.course.solution("00-by-hand") and not ro.course.solution("00-which-batch")


def test_whoever_has_solved_it_may_compare():
    assert ro.course.check("00-which-batch", (0.5, 0.5**10))
    assert ro.course.solution("00-which-batch")


@pytest.mark.parametrize("name", ["11-path", "11-law", "12-losses", "12-price"])
def test_assignments_have_none(name):
    for _ in range(3):
        ro.course.check(name, None)
    refused = ro.course.solution(name)
    assert not refused and "graded" in refused.why and refused.code == ""
    assert "```" not in refused._repr_markdown_()


def test_names_are_known_or_suggested(monkeypatch):
    with pytest.raises(ValueError, match="did you mean '00-by-hand'"):
        ro.course.solution("00-by-hands")
    monkeypatch.setattr(checking, "EXERCISES", dict(checking.EXERCISES))
    exercise("99-own")(lambda answer: "no.")
    for _ in range(2):
        ro.course.check("99-own", 0)
    own = ro.course.solution("99-own")
    assert not own and "no solution of it ships" in own.why
