"""Configurations, folders and pickles of strangers: whatever names stand in them, nothing is imported or run.

A planted module lies where Python would find it, and leaves a file when it is imported.
"""

from __future__ import annotations

import json
import os
import pickle
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import pytest
from click.testing import CliRunner
from own_code import empty_registry, planted

import revorder as ro
from revorder.experiments import Config, Folder, StoppedError, build, load, run
from revorder.experiments.cli import main
from revorder.experiments.typed import configuration

TRAPS = ("planted_trap:thing", "planted_trap.py:thing", "os:system", "antigravity:geohash")
NAMES = ("planted_trap", "antigravity", "../planted_trap.py:thing", "planted_trap:thing:3", "__import__('os')",
         "planted_trap:thing.__globals__", "planted_trap:thing()", "os:system\n", "a" * 10_000)  # fmt: skip
FIELDS = {"model": str, "dataset": str, "loss": str, "orders": lambda text: ["forward", text],
          "metrics": lambda text: [text]}  # fmt: skip
SMALL = Config("small", "smoke", steps=8, stride=4, seeds=1, width=2, train_examples=50, test_examples=20)
TEXT = SMALL.replace(orders=("forward",)).to_json()


@pytest.fixture
def ran(tmp_path, monkeypatch):
    """Where the planted module would leave its mark; nothing may have come in when the test ends."""
    mark = planted(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    monkeypatch.setattr(os, "system", lambda *given: pytest.fail("os.system was called"))
    with empty_registry():
        yield mark
    new = set(sys.modules) - before
    assert not mark.exists() and not {name for name in new if "planted" in name or name == "antigravity"}


def hostile(field, text):
    return json.dumps(json.loads(TEXT) | {field: FIELDS[field](text)})


def cli(*words, code=2):
    made = CliRunner().invoke(main, [str(word) for word in words])
    assert made.exit_code == code, (made.output, made.exception)
    return made.output


@pytest.mark.parametrize("field", FIELDS)
def test_no_text_is_ever_imported(ran, field):
    for text in TRAPS + NAMES:
        with pytest.raises(ValueError, match=f"{field}: got"):
            Config.from_json(hostile(field, text))
        with pytest.raises(ValueError, match=f"{field}: got"):
            SMALL.replace(**{field: FIELDS[field](text)})
        Path("theirs.json").write_text(hostile(field, text))
        said = cli("plan", "theirs", "--config", "theirs.json")
        assert f"{field}: got" in said
        if text in TRAPS:
            assert "no configuration or result folder imports code" in said and f"--import {text}" in said
        with pytest.raises(ValueError, match=field):
            configuration("mlp-digits", "smoke", assignments=[f"{field}={json.dumps(FIELDS[field](text))}"])


@pytest.fixture
def theirs(ran, whole, tmp_path):
    """A result folder in which every name is a trap."""
    path = shutil.copytree(whole, tmp_path / "theirs")
    fields = {field: made(TRAPS[0]) for field, made in FIELDS.items()}
    (path / "config.json").write_text(json.dumps(json.loads(TEXT) | fields))
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run(SMALL.replace(orders=("forward",)), tmp_path_factory.mktemp("results") / "whole").path


def test_a_strangers_folder_is_looked_at(theirs):
    """Read, shown and reported as it is."""
    config = Folder(theirs).config()
    assert "small" in repr(Folder(theirs)) and Folder(theirs)._repr_html_() and len(Folder(theirs).frame())
    assert Config.from_json(config.to_json(), registered=False) == config
    assert "report" in cli("report", theirs, code=0)
    assert TRAPS[0] in (theirs / "report" / "report.html").read_text()
    assert "mlp-digits" in cli("list", code=0)


@pytest.mark.parametrize("field", FIELDS)
def test_a_strangers_folder_is_not_run(ran, whole, tmp_path, field):
    """Resumed, priced or built it is refused, with what would be needed."""
    path = shutil.copytree(whole, tmp_path / "r")
    for text in TRAPS:
        (path / "config.json").write_text(hostile(field, text))
        config = Folder(path).config()
        said = cli("resume", path)
        assert f"{field}: got" in said and f"--import {text}" in said
        uses = (load, ro.experiments.estimate, partial(build, data=load(SMALL), seed=0),
                partial(run, out=path, resume=True))  # fmt: skip
        for use in uses:
            with pytest.raises(ValueError, match=f"{field}: got"):
                use(config)


@pytest.mark.parametrize("text", NAMES[2:])
def test_what_could_be_no_name_at_all_is_a_damaged_folder(ran, tmp_path, text):
    for field in FIELDS:
        (tmp_path / "config.json").write_text(hostile(field, text))
        if not (field == "orders" and text in ("planted_trap:thing:3", "os:system\n")):  # a number; spaces are cut
            with pytest.raises(ValueError, match="is damaged"):
                Folder(tmp_path).config()


def unpickled(content):
    """In a worker: what came, and whether anything was imported on the way."""
    return pickle.loads(content).model, "planted_trap" in sys.modules, "antigravity" in sys.modules


def test_pickles_and_workers_import_nothing(ran, tmp_path):
    configs = [Config.from_json(hostile("model", text), registered=False) for text in TRAPS]
    packed = [pickle.dumps(config) for config in configs]
    assert [pickle.loads(content) for content in packed] == configs
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        assert [executor.submit(unpickled, content).result() for content in packed] == [(text, False, False)
                                                                                        for text in TRAPS]  # fmt: skip
        for config in configs:
            with pytest.raises(ValueError, match="model: got"):
                run(config, tmp_path / "r", executor=executor)
    assert not (tmp_path / "r").exists()


def test_the_panel_imports_nothing(theirs):
    config = Folder(theirs).config()
    panel = ro.widgets.ExperimentPanel(config=config, folder=theirs)
    panel._on_price()
    panel._on_start()
    assert TRAPS[0] in panel.error.value and "got" in panel.error.value
    panel.close()


def test_the_traps_would_be_noticed(tmp_path, monkeypatch):
    """They do run when a person asks for them by name, and by nothing less."""
    mark = planted(tmp_path)
    monkeypatch.chdir(tmp_path)
    with empty_registry():
        cli("plan", "theirs", "--model", "planted_trap.py:thing")  # a function that makes no model
        assert mark.exists()
        mark.unlink()
    with empty_registry(), pytest.raises((ValueError, TypeError, StoppedError)):
        configuration("mlp-digits", "smoke", ["planted_trap.py:thing"])
    assert mark.exists()


OUT = ("x/../../../evil", "/evil", "..", "", "x\\..\\evil", "C:evil", "a\0b", "a\nb", ".hidden", "a" * 300, "x/y")


@pytest.mark.parametrize("field", ["name", "profile"])
@pytest.mark.parametrize("text", OUT)
def test_where_results_lie_is_not_a_strangers_choice(tmp_path, monkeypatch, field, text):
    """The folder's name is made of both, by the command line and the widget."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    fields = json.loads(TEXT) | {field: text}
    with pytest.raises(ValueError, match=f"{field}: got .*but it may have no"):
        Config.from_json(json.dumps(fields))
    Path("c.json").write_text(json.dumps(fields))
    if field == "profile":
        assert "profile: got" in cli("run", "other", "--config", "c.json", "--yes")
    assert [found.name for found in tmp_path.rglob("*")] == ["here", "c.json"]
    if set(text) & set("/\\:\0\n"):  # nor may a folder say so, which a widget can be given
        Path("r").mkdir()
        Path("r", "config.json").write_text(json.dumps(fields))
        with pytest.raises(ValueError, match=f"is damaged: {field}: got"):
            Folder("r").config()


def test_names_from_before_can_be_read():
    for name in ("my net (2)", ".net", "..", "a" * 200):
        text = json.dumps(json.loads(TEXT) | {"name": name})
        assert Config.from_json(text, registered=False).name == name
    assert Config("my net.2", "größer", steps=8, stride=4).name == "my net.2"
    with pytest.raises(TypeError, match="name: got 3, but it must be a text"):
        Config(3)
