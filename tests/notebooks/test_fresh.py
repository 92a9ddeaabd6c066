"""Notebook 10 from its first cell to its last, without the course, as on Colab; where REVORDER_NIGHTLY is set.

The environment sees what this one has, but the package and what it brings to Colab. pip fetches the latter, so an
index must be there. Instead of GitHub, the set-up cell clones a repository with the files of this checkout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from conftest import ROOT

from revorder.experiments import Folder
from revorder.experiments.reports import report

pytestmark = pytest.mark.skipif(
    not os.environ.get("REVORDER_NIGHTLY"), reason="a nightly test: REVORDER_NIGHTLY is not set"
)
NOTEBOOK = "10_gpu_experiments.ipynb"
NOT_ON_COLAB = ("revorder", "__editable__", "anywidget", "lazy_loader", "psygnal")
RUN = f"""
import importlib.util, nbformat
from nbclient import NotebookClient
assert importlib.util.find_spec("revorder") is None, "the package is here already"
notebook = nbformat.read({NOTEBOOK!r}, as_version=4)
NotebookClient(notebook, timeout=600).execute()
nbformat.write(notebook, "done.ipynb")
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
def test_notebook_10_ends_with_a_result_folder(tmp_path, repository, python):
    empty, kept = tmp_path / "content", tmp_path / "kept"
    empty.mkdir()
    shutil.copy2(repository / "notebooks" / NOTEBOOK, empty)
    ours = {"REVORDER_SOURCE": repository.as_uri(), "REVORDER_RESULTS": str(kept), "HOME": str(tmp_path / "home"),
            "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}  # fmt: skip
    passed = {
        name: value for name, value in os.environ.items() if not name.startswith(("REVORDER_", "PYTHON", "VIRTUAL"))
    }
    (tmp_path / "home").mkdir()
    said(python, "-c", RUN, cwd=empty, env=passed | ours)
    folder = Folder(kept / "mlp-digits-smoke")
    assert len(folder.finished()) == 4 and report([folder.path], tmp_path / "report").exists()
    assert (empty / "revorder-course" / "notebooks" / "results").is_dir() and (empty / "done.ipynb").exists()
