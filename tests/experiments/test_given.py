"""What `run` cannot begin with is refused by name, before the folder is touched."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from results import differences

from revorder.experiments import Config, experiment, run


@pytest.fixture
def tiny():
    return experiment("mlp-digits", "smoke").replace(seeds=1, steps=20, stride=10, engine="replay", threads=1)


@pytest.mark.parametrize("given", [None, 5, "mlp-digits", {"lr": 1}, Config])
def test_configurations_of_another_kind(given, tmp_path):
    with pytest.raises(TypeError, match="config: got .*must be a Config"):
        run(given, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name, given, kind", [
    ("resume", "no", TypeError), ("stop", "x", TypeError), ("stop", lambda: False, TypeError), ("data", 5, TypeError),
    ("executor", 5, TypeError), ("executor", ProcessPoolExecutor, TypeError), ("watcher", 5, TypeError),
    ("device", None, TypeError), ("device", 3, TypeError), ("device", "foo", ValueError),
    ("device", "meta", ValueError), ("interval", None, ValueError),
    ("interval", "1", ValueError), ("interval", float("nan"), ValueError),
    ("interval", -1, ValueError),
])  # fmt: skip
def test_arguments_that_are_none_of_their_kind(name, given, kind, tiny, tmp_path):
    with pytest.raises(kind, match=f"^{name}: got "):
        run(tiny, tmp_path / "out", **{name: given})
    assert not (tmp_path / "out").exists()


def test_a_pool_of_multiprocessing_is_no_executor(tiny, tmp_path):
    with get_context("spawn").Pool(1) as pool, pytest.raises(TypeError, match="executor: got .*Executor"):
        run(tiny, tmp_path / "out", executor=pool)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("out, kind", [(None, TypeError), (5, TypeError), (b"x", TypeError), ("a\0b", ValueError)])
def test_folders_that_are_none(out, kind, tiny):
    with pytest.raises(kind, match="^out: "):
        run(tiny, out)


def test_files_in_the_place_of_a_folder_or_above_it(tiny, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "file link").symlink_to(tmp_path / "nowhere")
    for out in (tmp_path / "file", tmp_path / "file" / "below" / "it", tmp_path / "file link"):
        with pytest.raises(ValueError, match=r"out: .*file.* is a file, or a link to nothing"):
            run(tiny, out)
    assert (tmp_path / "file").read_text() == "mine"


def test_nothing_is_put_into_a_folder_of_somebody_else(tiny, tmp_path, monkeypatch):
    (tmp_path / "mine").write_text("mine")
    monkeypatch.chdir(tmp_path)
    for out in (tmp_path, "", "."):
        with pytest.raises(ValueError, match="is not empty and holds no results"):
            run(tiny, out)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_where_the_process_goes_meanwhile_does_not_matter(tiny, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "there" / "out").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    found = run(tiny, "out", watcher=lambda progress: os.chdir(tmp_path / "there"))
    assert Path.cwd().name == "there" and not list((tmp_path / "there" / "out").iterdir())
    assert found.path == tmp_path / "here" / "out" and differences(found, run(tiny, tmp_path / "whole")) == []
