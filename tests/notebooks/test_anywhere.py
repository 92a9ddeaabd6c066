"""Notebooks opened alone, in an empty folder, where the package is installed: nothing beside them is read."""

from __future__ import annotations

import copy
import json
import os

import nbformat
import pytest
from conftest import NOTEBOOKS
from notebook_cells import opened, outcome
from notebook_parts import code
from path_rules import read_beside
from processes import printed

from revorder.experiments import experiment, run

TELL = (
    "print(panel.state)",
    "asked = below.config()",
    "print(keep.path, below.folder.value, asked.name, asked.profile)",
    "print(asked.threads)",
)


@pytest.fixture
def empty(tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_cell_names_what_lies_beside_the_notebook(path):
    assert list(read_beside(nbformat.read(path, as_version=4))) == []


@pytest.mark.parametrize(
    "line",
    [
        'folder = ro.experiments.Folder("results/mlp-fashion-mnist")',
        'found = sorted(Path("results").glob("*/config.json"))',
        'rows = pd.read_csv("own.csv")',
        'text = open("../README.md").read()',
        'text = (Path.cwd() / "results" / "index.md").read_text()',
        'picture = Image(filename="figures/hero.png")',
        'place = Path(".")',
        'os.chdir("revorder-course/notebooks")',
        "!cat results/index.md",
        "%run rerun.py",
        "    !git clone -q https://github.com/revorder/revorder course",
    ],
)
def test_what_would_be_read_beside_it_is_refused(line):
    notebook = copy.deepcopy(opened("08"))
    source = line if not line.startswith(" ") else f"if True:\n{line}"
    notebook.cells.append(nbformat.v4.new_code_cell(source))
    assert len(list(read_beside(notebook))) == 1


@pytest.mark.parametrize(
    ("number", "ids", "said"),
    [("08", ["fashion", "checks-6"], "check 10 holds"), ("10", ["cards"], "mlp-fashion-mnist: 8 seeds")],
)
def test_results_are_read_from_the_package(empty, number, ids, said):
    shown = outcome(opened(number), ids, empty)
    assert any(line.startswith(said) for line in shown) and not list(empty.iterdir())


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    """A second session with notebook 10: where results last, those of another machine lie, with other bits."""
    kept, working = tmp_path_factory.mktemp("kept"), tmp_path_factory.mktemp("working")
    small = experiment("mlp-digits", "smoke", engine="replay")
    place = run(small.replace(lr=0.1001), kept / "mlp-digits-smoke").path
    card = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps(card | {"lr": small.lr}))
    before = files(kept)
    shown = outcome(below(opened("10")), ["panel", "go-on", "resume-checks", "where"], working, *TELL,
                    REVORDER_RESULTS=str(kept), REVORDER_PROFILE="colab", OMP_NUM_THREADS="2")  # fmt: skip
    return shown, kept, before


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def below(notebook):
    """With a name for the panel of Section 3."""
    cell = next(cell for cell in code(notebook) if cell.id == "where")
    cell.source = cell.source.replace("\nro.widgets", "\nbelow = ro.widgets")
    return notebook


def test_all_checks_hold_in_a_second_session(second):
    shown, kept, before = second
    assert shown[-4:-2] == ["checks 2 and 3 hold", "stopped"]  # the first panel shows its own run, left half done
    assert "backward-seed1  550 evaluations, resumed" in shown
    assert before == files(kept)


def test_the_panel_below_keeps_results_where_they_last(second):
    shown, kept, _ = second
    assert shown[-2].split() == [str(kept), str(kept / "resnet18-cifar10-colab"), "resnet18-cifar10", "colab"]


def test_panels_have_the_threads_of_a_shell(second):
    """So that the two can take turns on the folder of a ResNet."""
    told = "from revorder.experiments import experiment; print(experiment('resnet18-cifar10', 'colab').threads)"
    assert second[0][-1] == printed("-c", told, env=os.environ | {"OMP_NUM_THREADS": "2"}).strip()
