"""Studies of one's own that are stopped, resumed and shared among workers: with the same file, or not at all."""

from __future__ import annotations

import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import pytest
from own_code import OWN, SIZE, cli, empty_registry, study
from results import differences

import revorder as ro
from revorder.experiments import Config, Folder, StoppedError, bring, progress, run
from revorder.experiments.sending import parcel


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    """The study of the page, in a folder where nothing is registered."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "study.py").write_text(study())
    with empty_registry():
        yield tmp_path / "study.py"


def stopped(config, path):
    """A run that is stopped in its first job; the text that says how to go on."""
    stop = threading.Event()
    with pytest.raises(StoppedError):
        run(config, path, stop=stop, watcher=lambda progress: stop.set())
    return progress._again(path, {"data": None, "device": None})


def test_going_on_needs_the_file_and_the_same_one(tmp_path, file):
    bring("study.py")
    config = Config("mine", **SIZE, **OWN)
    assert stopped(config, tmp_path / "r").endswith("--import=study.py")
    whole = run(config, tmp_path / "whole")
    with empty_registry():
        said = cli("resume", tmp_path / "r", code=2)
        assert "model: got 'net'" in said and "--import FILE" in said
        assert "Missing besides dataset 'spirals', order 'even-first', metric 'sure'" in said
    with empty_registry():
        cli("resume", tmp_path / "r", "--import", "study.py")
        assert differences(Folder(tmp_path / "r"), whole) == []
    stopped(config, tmp_path / "changed")
    file.write_text(study() + "# another comment\n")
    with empty_registry():
        said = cli("resume", tmp_path / "changed", "--import", "study.py", code=2)
        assert "'net' is not what this folder was begun with: study.py has changed" in said
        assert "nothing" not in cli(
            "resume", tmp_path / "r", "--import", "study.py"
        )  # finished: nothing would be mixed


@pytest.mark.parametrize("damage", ["3", '[{"kind": "model"}]', '[{"kind": "model", "name": ["x"]}]', '["net"]'])
def test_a_damaged_card_is_refused(tmp_path, damage):
    bring("study.py")
    config = Config("mine", **SIZE, **OWN)
    stopped(config, tmp_path / "r")
    (tmp_path / "r" / "card.json").write_text(f'{{"own": {damage}, "jobs": {{}}}}')
    with pytest.raises(ValueError, match="card.json is damaged"):
        run(config, tmp_path / "r", resume=True)


def test_workers_run_what_the_parent_ran(tmp_path, file):
    bring("study.py:EvenFirst")
    ro.experiments.register_loss("ours", ro.models.sequence_cross_entropy)  # of a module: it travels by pickle
    config = Config("mine", **SIZE | {"seeds": 2}, **OWN | {"orders": ("study.py:EvenFirst", "forward")}, loss="ours")
    alone = run(config, tmp_path / "alone")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        shared = run(config, tmp_path / "shared", executor=executor)
    assert differences(shared, alone) == [] and shared.card()["own"] == alone.card()["own"]
    with ThreadPoolExecutor(2) as executor:
        assert differences(run(config, tmp_path / "threads", executor=executor), alone) == []
    sent = replace(parcel(config), process=0)  # as a worker sees it
    file.write_text(study() + "# another comment\n")
    with empty_registry(), pytest.raises(ValueError, match="study.py:EvenFirst is not what the process .* has run"):
        sent.open()


def test_what_cannot_be_sent_is_named(tmp_path, monkeypatch):
    import pickle

    from revorder.running import packing

    monkeypatch.setattr(packing, "pickler", pickle)  # without cloudpickle
    bring("study.py")
    ro.experiments.register_metric("typed", lambda outputs, targets: outputs.mean())
    config = Config("mine", **SIZE, **OWN | {"metrics": ("typed",)})
    with ProcessPoolExecutor(1) as executor, pytest.raises(TypeError, match="metric typed: got <function"):
        run(config, tmp_path / "r", executor=executor)
