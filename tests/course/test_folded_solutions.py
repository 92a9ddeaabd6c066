"""A folded solution, pasted into a notebook's own cell, is right there: the names that it uses are imported."""

from __future__ import annotations

import ast
import builtins
import re
import symtable

import nbformat
import pytest
from conftest import NOTEBOOKS
from notebook_cells import imports, plain
from notebook_parts import code, prose
from notebook_rules import asked
from shipped import SHIPPED, bound

import revorder as ro

FOLDS = r"<details><summary>Solution.*?</details>"


def pasted(notebook, name):
    """The shipped code with those of its imports that the notebook's own fold has; `test_solutions` says the rest is
    the same."""
    folds = "".join(re.findall(FOLDS, prose(notebook), flags=re.DOTALL))
    lines = SHIPPED[name].splitlines()
    return "\n".join(line for line in lines if not re.match(r"(from|import) ", line) or line in folds)


def unbound(code):
    """The names that a program takes from outside."""
    tables = [symtable.symtable(code, "fold", "exec")]
    for table in tables:
        tables += table.get_children()
    found = {symbol.get_name() for table in tables for symbol in table.get_symbols() if symbol.is_global()}
    used = {symbol.get_name() for symbol in tables[0].get_symbols() if symbol.is_referenced()}
    bound_here = {symbol.get_name() for symbol in tables[0].get_symbols() if symbol.is_assigned()}
    return (found | used) - bound_here - set(dir(builtins))


def namespace(notebook, names):
    """What the notebook imports, and what its cells bind such names to first."""
    made = {}
    exec(imports(notebook), made)
    for statement in (each for cell in code(notebook) for each in ast.parse(plain(cell.source)).body):
        targets = {each.id for each in getattr(statement, "targets", ()) if isinstance(each, ast.Name)}
        if targets & names - made.keys():
            exec(ast.unparse(statement), made)
    return made


def answered(notebook, name):
    program = pasted(notebook, name)
    made = namespace(notebook, unbound(program))
    exec(program, made)
    return ro.course.check(name, made[bound(program)])


@pytest.mark.parametrize("path", NOTEBOOKS[:11], ids=lambda path: path.stem)
def test_every_folded_solution_is_right_in_its_notebook(path):
    notebook = nbformat.read(path, as_version=4)
    for name in asked(notebook):
        verdict = answered(notebook, name)
        assert verdict, (name, verdict)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("09-paired", "from scipy import stats"),
        ("01-steps", "import math"),
        ("04-depth", "import math"),
        ("04-refine", "from functools import partial, reduce"),
        ("05-expand", "import math"),
        ("02-address", "corners = torch"),
    ],
)
def test_what_is_missing_is_noticed(name, line):
    notebook = nbformat.read(next(path for path in NOTEBOOKS if path.stem.startswith(name[:2])), as_version=4)
    for cell in notebook.cells:
        cell.source = re.sub(rf"^{line}\b.*\n", "", cell.source, flags=re.MULTILINE)
    with pytest.raises(NameError, match="is not defined"):
        verdict = answered(notebook, name)  # which knows the error where the answer is a function
        raise NameError(verdict.message)
