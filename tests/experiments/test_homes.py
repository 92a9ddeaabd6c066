"""Where results are kept: each machine's own place, told apart by what it has."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from revorder.experiments import home, homes


@pytest.fixture(autouse=True)
def nowhere(monkeypatch, tmp_path):
    """A machine that is nobody's, and lends nothing."""
    for name in ("REVORDER_RESULTS", "KAGGLE_KERNEL_RUN_TYPE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(homes, "DRIVE", tmp_path / "content" / "drive")
    monkeypatch.setattr(homes, "KAGGLE", tmp_path / "kaggle")


@pytest.fixture
def colab(monkeypatch):
    """Colab's module, which mounts whatever is asked for; a list of what was mounted."""
    mounted, google, module, drive = (
        [],
        *(ModuleType(name) for name in ("google", "google.colab", "google.colab.drive")),
    )
    drive.mount, module.drive, google.colab = mounted.append, drive, module
    for name, each in (("google", google), ("google.colab", module), ("google.colab.drive", drive)):
        monkeypatch.setitem(sys.modules, name, each)
    return mounted, drive


def test_elsewhere_it_is_thrown_away_and_says_so():
    first, second = home(), home()
    assert first.path.is_dir() and not first.lasts and "REVORDER_RESULTS" in str(first)
    assert first.path != second.path
    first.path.rmdir(), second.path.rmdir()


def test_the_variable_goes_before_everything(monkeypatch, tmp_path, colab):
    monkeypatch.setenv("REVORDER_RESULTS", str(tmp_path / "mine"))
    assert home().path == tmp_path / "mine" and home().lasts and (tmp_path / "mine").is_dir()
    assert colab[0] == []


def test_on_colab_it_is_the_drive(tmp_path, colab):
    found = home()
    assert colab[0] == [str(tmp_path / "content" / "drive")]
    assert found.path == tmp_path / "content" / "drive" / "MyDrive" / "revorder" and found.lasts and found.path.is_dir()


def test_without_leave_for_the_drive_it_says_that_results_are_lost(tmp_path, colab):
    def refuse(place):
        raise ValueError("mount failed")

    colab[1].mount = refuse
    found = home()
    assert not found.lasts and "mount failed" in found.said and found.path == tmp_path / "content" / "revorder"


def test_on_kaggle_it_is_the_working_folder(tmp_path, monkeypatch):
    (tmp_path / "kaggle").mkdir()
    assert not home().lasts  # a folder alone is no Kaggle
    monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")
    assert home().path == tmp_path / "kaggle" / "revorder" and home().lasts
