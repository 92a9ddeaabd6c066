"""Modules of live figures: each figure's file is complete, valid JavaScript, and asks no other host for anything."""

from __future__ import annotations

import re
import subprocess

import pytest
from live_truth import node

import revorder as ro
from revorder.live.modules import FOLDER, IMPORT, joined

NAMES = [name for name in ro.live.__all__]
FILES = sorted(FOLDER.glob("*.js"))


def checked(text, tmp_path):
    """What node says of the syntax of a module, names declared twice included."""
    file = tmp_path / "module.mjs"
    file.write_text(text, encoding="utf-8")
    return subprocess.run([node(), "--check", file], capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", NAMES)
def test_joined_file_is_one_valid_module(name, tmp_path):
    text = joined(getattr(ro.live, name).figure)
    done = checked(text, tmp_path)
    assert done.returncode == 0, done.stderr
    assert not re.search(r"^\s*import\b", text, flags=re.MULTILINE)
    assert len(re.findall(r"^export ", text, flags=re.MULTILINE)) == 1


def test_a_name_declared_twice_would_be_noticed(tmp_path):
    assert checked(joined("chaos") + "\nconst FONT = 1;\n", tmp_path).returncode != 0


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_imports_are_files_beside_it(file):
    text = file.read_text(encoding="utf-8")
    imports = re.findall(r"^import .*$", text, flags=re.MULTILINE)
    assert len(IMPORT.findall(text)) == len(imports)
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|\beval\(|new Function", text)
    assert all((FOLDER / name).exists() for name in IMPORT.findall(text))


def test_every_module_is_used():
    used = {f"{getattr(ro.live, name).figure}.js" for name in NAMES} | {"site.js"}
    for file in FILES:
        used |= set(IMPORT.findall(file.read_text(encoding="utf-8")))
    assert {file.name for file in FILES} == used


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_described_and_have_a_fallback(name):
    figure = getattr(ro.live, name)()
    try:
        data, _ = figure._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in data
        assert f'data-figure="{figure.figure}"' in data["text/html"]
        alt = re.search(r'<img[^>]* alt="([^"]{40,})"', data["text/html"])
        assert name == "Predict" or (alt and "image/png" in data)
        assert len(getattr(ro.live, name).__doc__) > 100
    finally:
        figure.close()


def test_the_same_cell_run_again_closes_the_older_figure(monkeypatch):
    from revorder.live import base

    requests = iter([("cell", "first"), ("cell", "first"), ("cell", "second"), ("other", "third")])
    monkeypatch.setattr(base, "_where", lambda: next(requests))
    figures = [ro.live.Regression() for _ in range(4)]
    for figure in figures:
        figure._repr_mimebundle_()
    assert [figure.comm is None for figure in figures] == [True, True, False, False]


def test_settings_are_what_a_page_reads():
    """All that a module names as settings exists in Python, and nothing that a learner sets is forgotten."""
    for name in NAMES:
        figure = getattr(ro.live, name)()
        text = (FOLDER / f"{figure.figure}.js").read_text(encoding="utf-8")
        named = re.search(r"settings: \[([^\]]*)\]", text).group(1)
        assert set(re.findall(r'"(\w+)"', named)) <= figure.settings.keys(), name
        figure.close()
