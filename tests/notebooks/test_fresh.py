"""Every notebook from its first cell to its last, in an empty folder, as on Colab; where REVORDER_NIGHTLY is set.

The environment sees what this one has, but the package and what it brings to Colab. The set-up cell of the first
installs it; pip fetches what it brings, so an index must be there. Instead of GitHub, git goes to a repository with the
files of this checkout. In 10's second panel an experiment is run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from conftest import NOTEBOOKS, ROOT
from nights import at_night

from revorder.experiments import Folder
from revorder.experiments.reports import report

pytestmark = at_night
ADDRESS = "https://github.com/revorder/revorder"
PRESSED = """
panel = _
panel.experiment.value, panel.profile.value = "mlp-digits", "smoke"
panel.start.click()
panel.result(timeout=120)
"""
NOT_ON_COLAB = ("revorder", "__editable__", "anywidget", "lazy_loader", "psygnal")
RUN = """
import importlib.util, sys, nbformat
from nbclient import NotebookClient
assert (importlib.util.find_spec("revorder") is None) == (sys.argv[2] == "first"), "is the package here already?"
notebook = nbformat.read(sys.argv[1], as_version=4)
where = [number for number, cell in enumerate(notebook.cells) if cell.id == "where"]
for number in where:
    notebook.cells.insert(number + 1, nbformat.v4.new_code_cell(sys.argv[3]))
NotebookClient(notebook, timeout=600, resources={"metadata": {"path": "."}}).execute()
"""


def said(*command, **options):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=900, **options)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture
def repository(tmp_path):
    """The files of this checkout as a repository of their own, whose newest commit has them all."""
    made = tmp_path / "repository"
    for name in said("git", "ls-files", "-co", "--exclude-standard", cwd=ROOT).splitlines():
        if (ROOT / name).is_file():
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, made / name)
    who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    for command in (("init", "-q"), ("add", "-A"), (*who, "commit", "-q", "-m", "all")):
        said("git", *command, cwd=made)
    return made


@pytest.fixture
def python(tmp_path):
    """An environment that sees the packages of this one, through links that pip does not touch."""
    said(sys.executable, "-m", "venv", tmp_path / "venv")
    farm, found = tmp_path / "farm", tmp_path / "venv" / "bin" / "python"
    farm.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith((*NOT_ON_COLAB, "pip")) and entry.suffix != ".pth":
            (farm / entry.name).symlink_to(entry)
    where = said(found, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    (Path(where) / "farm.pth").write_text(f"{farm}\n")
    return found


@pytest.mark.usefixtures("posix")
def test_every_notebook_runs_in_an_empty_folder(tmp_path, repository, python):
    empty, kept, read = tmp_path / "content", tmp_path / "kept", tmp_path / "read"
    for folder in (empty, read, tmp_path / "home"):
        folder.mkdir()
    ours = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.{repository.as_uri()}.insteadOf",
            "GIT_CONFIG_VALUE_0": ADDRESS, "REVORDER_RESULTS": str(kept), "HOME": str(tmp_path / "home"),
            "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}  # fmt: skip
    passed = {
        name: value for name, value in os.environ.items() if not name.startswith(("REVORDER_", "PYTHON", "VIRTUAL"))
    }
    for number, path in enumerate(NOTEBOOKS):
        shutil.copy2(path, read)
        said(python, "-c", RUN, read / path.name, "later" if number else "first", PRESSED, cwd=empty, env=passed | ours)
        assert not list(empty.iterdir()), path.stem
    folder = Folder(kept / "mlp-digits-smoke")
    assert len(folder.finished()) == 4 and report([folder.path], tmp_path / "report").exists()
