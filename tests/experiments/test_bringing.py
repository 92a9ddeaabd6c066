"""Files and modules that a person asks for: run once, kept apart, and named by their text."""

from __future__ import annotations

import json
import sys

import pytest
from own_code import OWN, SIZE, cli, empty_registry, study
from results import differences

import revorder as ro
from revorder.experiments import Config, Folder, bring, bringing, jobs, run
from revorder.experiments.composing import order_of
from revorder.experiments.typed import configuration


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    """The study of the page, in a folder where nothing is registered."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.py").write_text(study())
    with empty_registry():
        yield tmp_path / "study.py"


def test_a_file_is_run_once_and_kept_apart(file, tmp_path):
    file.write_text(study() + "\nimport sibling\n")
    (tmp_path / "sibling.py").write_text("import pathlib\nwith open('runs', 'a') as runs:\n    runs.write('x')\n")
    path = list(sys.path)
    assert bring("study.py") == "study.py" == bring(str(file)) and bring("study.py:EvenFirst") == "study.py:EvenFirst"
    assert (tmp_path / "runs").read_text() == "x" and sys.path == path and "study" not in sys.modules
    assert ro.experiments.registered() == {
        "model": ["net"], "dataset": ["spirals"], "order": ["even-first"], "metric": ["sure"],
        "code": ["study.py:EvenFirst"],
    }  # fmt: skip
    del sys.modules["sibling"]
    assert order_of("study.py:EvenFirst").word(5) == (4, 2, 0, 1, 3) and str(order_of("study.py:EvenFirst")) != "?"


def test_modules_are_imported_as_they_are(tmp_path, monkeypatch):
    (tmp_path / "own_module_here.py").write_text(study())
    monkeypatch.syspath_prepend(str(tmp_path))
    assert bring("own_module_here:EvenFirst") == "own_module_here:EvenFirst"
    assert order_of("own_module_here:EvenFirst").word(3) == (2, 0, 1)
    assert Config("x", model="net", dataset="spirals").model == "net"


@pytest.mark.parametrize(("text", "error", "message"), [
    ("nowhere.py", ValueError, "nowhere.py cannot be read"), (".", ValueError, "a file such as study.py"),
    ("folder.py", ValueError, "not a plain file"), ("no_such_module_here", ValueError, "no module 'no_such"),
    ("study.py:EvenLast", ValueError, "no 'EvenLast'; did you mean 'EvenFirst'"), (3, TypeError, "import: got 3"),
    ("study.py:__file__", ValueError, "a function, a class or an order is needed"),
    ("bad name.py:thing", ValueError, "a file's name may have"), ("wrong.py", ZeroDivisionError, "division"),
    ("grammar.py", SyntaxError, "syntax"), ("needs.py", ModuleNotFoundError, "no_such_thing"),
    ("a-b", ValueError, "a file such"),
])  # fmt: skip
def test_what_cannot_be_brought(tmp_path, text, error, message):
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "bad name.py").write_text("thing = print")
    (tmp_path / "wrong.py").write_text(study() + "\n1 / 0\n")
    (tmp_path / "grammar.py").write_text("def:")
    (tmp_path / "needs.py").write_text("import no_such_thing")
    with pytest.raises(error, match=message):
        bring(text)
    assert not set(ro.experiments.registered()) - {"model", "dataset", "order", "metric"}
    assert text == "study.py:EvenLast" or not ro.experiments.registered()  # half a file has registered nothing


def test_a_file_that_has_changed_needs_a_new_process(file):
    bring("study.py")
    file.write_text(study() + "# another comment\n")
    with pytest.raises(ValueError, match="has changed since this process ran it"):
        bring("study.py")


def test_what_is_typed_as_code_is_brought(file):
    config = configuration(
        "mine", None, ["study.py:EvenFirst,backward-window:3"], model="study.py:net", dataset="study.py:spirals",
        assignments=["steps=12", "stride=4"],
    )  # fmt: skip
    assert (config.name, config.profile, config.model) == ("mine", "own", "study.py:net")
    assert config.orders == ("study.py:EvenFirst", "backward-window:3")
    assert [str(job) for job in jobs(config)][0] == "study.py-EvenFirst-seed0"
    assert configuration("mine", "big", model="study.py:net", dataset="study.py:spirals").profile == "big"
    with pytest.raises(ValueError, match="did you mean 'mlp-digits'"):
        configuration("mlp-digit")
    with pytest.raises(ValueError, match="name: got 'mine'"):
        configuration("mine", code=["study.py"])  # a typo costs no run of something else


@pytest.mark.parametrize(("content", "message"), [
    ("{", "--config: fields.json cannot be read"), ("[1]", "no JSON object"), ('{"rate": 1}', "no such field"),
    ('{"revorder-config": 99}', "version 99"), ('{"model": "nett"}', "did you mean 'net'"), (None, "cannot be read"),
])  # fmt: skip
def test_files_that_are_no_configuration(tmp_path, content, message):
    if content is not None:
        (tmp_path / "fields.json").write_text(content)
    assert message in cli("plan", "mine", "--import", "study.py", "--config", "fields.json", code=2)


def test_from_a_file_to_a_report(tmp_path, file):
    (tmp_path / "fields.json").write_text(json.dumps(SIZE | OWN))
    said = cli("run", "mine", "--import", "study.py", "--config", "fields.json", "--orders", "forward,even-first")
    assert "registered: order even-first, EvenFirst of study.py" in said and "results/mine-own" in said
    assert "registered, order: even-first" in cli("list", "--import", "study.py")
    folder = Folder("results/mine-own")
    assert folder.config().orders == ("forward", "even-first") and "test sure" in set(folder.frame().metric)
    again = configuration("again", file=folder.path / "config.json", seeds=2)
    assert again == folder.config().replace(name="again", seeds=2)
    with empty_registry():
        text = (cli("report", folder.path) and folder.path / "report" / "report.md").read_text()
    assert "| order | even-first | EvenFirst | study.py |" in text and "Registered metrics at step 12" in text
    assert "| order | test sure | train sure |" in text and "test loss at step 12 (nats)" in text
    assert (folder.path / "report" / "own-1.png").read_bytes().startswith(b"\x89PNG")


def test_workers_are_told_nothing_that_no_person_gave():
    assert bringing.brought == {} and bringing.by_code == set()


@pytest.mark.parametrize("order", ["backward-window:3", "backward-blocks:3", "two-sided", "shuffled:1", "even-first"])
def test_checkpoints_come_in_their_order_and_are_not_taken_for_diverged(tmp_path, order):
    """Plans have words in an order of their own; so had results, and were reported as cut short."""
    bring("study.py")
    config = Config("x", steps=12, stride=2, seeds=1, width=2, train_examples=50, test_examples=20, orders=(order,))
    assert [list(job.plan(config).steps) for job in jobs(config)] == [[2, 4, 6, 8, 10, 12]]
    folder = run(config, tmp_path / "r")
    assert ro.experiments.summaries.read(folder).diverged == {}
    found = folder.finished()[order, 0]
    back = ro.Trajectory(order, found.steps[::-1], {}, {name: v[::-1] for name, v in found.metrics.items()}, found.cost)
    back.save(folder.result(jobs(config)[0]))  # as results were written
    assert ro.experiments.summaries.read(folder).diverged == {} and differences(folder, folder) == []
    assert folder.finished()[order, 0].steps == found.steps
