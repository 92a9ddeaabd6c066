"""Notebooks opened alone, in an empty folder, by a person who has installed the package: nothing beside them is read."""

from __future__ import annotations

import copy
import json

import nbformat
import pytest
from conftest import NOTEBOOKS
from notebook_cells import opened, outcome
from notebook_parts import code
from path_rules import read_beside

from revorder.experiments import experiment, run
from revorder.experiments.catalogue import NAMES

ASK = "from revorder.experiments import experiment; print(experiment('resnet18-cifar10', 'smoke').threads)"


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


def test_a_second_session_on_another_machine_goes_through(empty, tmp_path):
    """A folder that outlives sessions has the results of another machine, with other bits: all checks hold, too."""
    kept = tmp_path / "kept"
    small = experiment("mlp-digits", "smoke", engine="replay")
    place = run(small.replace(lr=0.1001), kept / "mlp-digits-smoke").path
    card = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps(card | {"lr": small.lr}))
    before = {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()}
    asked = ["panel", "go-on", "resume-checks"]
    variables = {"REVORDER_RESULTS": str(kept), "OMP_NUM_THREADS": "1"}
    *_, resumed, checks, state = outcome(opened("10"), asked, empty, "print(panel.state)", **variables)
    assert resumed == "backward-seed1  550 evaluations, resumed" and checks == "checks 2 and 3 hold"
    assert state == "stopped"  # as the first cell left it; what stands in the notebook was looked at before
    assert before == {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()}


def test_the_panel_has_the_threads_of_a_shell(empty):
    """So that the two can take turns on the folder of a ResNet."""
    two = {"OMP_NUM_THREADS": "2"}
    shown = outcome(opened("10"), [], empty, "panel = ro.widgets.ExperimentPanel('resnet18-cifar10')",
                    "print(panel.config().threads)", **two)  # fmt: skip
    shell = outcome(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(ASK, id="setup")]), [], empty, **two)
    assert shown == shell


def test_the_panel_below_keeps_results_where_they_last(empty, tmp_path):
    kept = tmp_path / "kept"
    last = "print(keep.path, _.choices.folder.value, _.config().name, _.config().profile)"
    notebook = opened("10")
    cell = next(cell for cell in code(notebook) if cell.id == "where")
    cell.source = cell.source.replace("\nro.widgets", "\n_ = ro.widgets")
    for profile in ("", "colab"):
        variables = {"REVORDER_RESULTS": str(kept), "REVORDER_PROFILE": profile}
        shown = outcome(notebook, ["where"], empty, last, **variables)[-1].split()
        name, size = "resnet18-cifar10", profile or "smoke"
        assert shown == [str(kept), str(kept / f"{name}-{size}"), name, size] and name in NAMES
