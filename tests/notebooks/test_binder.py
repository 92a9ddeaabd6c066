"""Binder: both environments say what pyproject.toml says, repo2docker reads them, and the badge opens notebook 00."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
import yaml

CONDA_NAMES = {"torch": "pytorch-cpu", "matplotlib": "matplotlib-base", "seaborn": "seaborn-base"}  # no GPU, no Qt


def requirements(project):
    """What pyproject.toml asks of someone who opens the notebooks, by conda's names."""
    extras = project["optional-dependencies"]
    kernel = [requirement for requirement in extras["test"] if requirement.startswith("ipykernel")]
    for requirement in (*project["dependencies"], *extras["lab"], *kernel):
        name, bounds = re.fullmatch(r"([\w.-]+)(.*)", requirement).groups()
        yield CONDA_NAMES.get(name, name) + bounds


@pytest.fixture
def environment(root):
    return yaml.safe_load((root / "environment.yml").read_text())


def test_environment_says_what_pyproject_says(project, environment):
    assert environment["channels"] == ["conda-forge"]
    python, pip, *packages = environment["dependencies"]
    assert re.fullmatch(r"python=3\.\d+", python) and pip == "pip"
    assert sorted(packages) == sorted(requirements(project))
    assert int(python.split(".")[1]) >= int(project["requires-python"].removeprefix(">=3."))


def test_binder_installs_the_same(root, environment):
    """Binder reads only its own folder once there is one."""
    assert yaml.safe_load((root / "binder" / "environment.yml").read_text()) == environment


def test_post_build_installs_the_package_alone(root):
    script = root / "binder" / "postBuild"
    assert os.access(script, os.X_OK)
    assert "pip install --no-deps" in script.read_text()


def dockerfile(folder):
    command = [
        sys.executable,
        "-m",
        "repo2docker",
        "--no-build",
        "--debug",
        "--user-name",
        "student",
        "--user-id",
        "1000",
    ]
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_repo2docker_reads_it(root):
    returncode, said = dockerfile(root)
    assert returncode == 0
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "binder/environment.yml"' in said
    assert "RUN ./binder/postBuild" in said
    assert "Building conda environment for python=3.11" in said


def test_repo2docker_refuses_a_broken_environment(tmp_path):
    (tmp_path / "binder").mkdir()
    (tmp_path / "binder" / "environment.yml").write_text("- python=3.11\n- pip\n")
    returncode, _ = dockerfile(tmp_path)
    assert returncode != 0


def test_badge_opens_the_first_notebook(root, project):
    owner_and_name = project["urls"]["Repository"].removeprefix("https://github.com/")
    address = f"https://mybinder.org/v2/gh/{owner_and_name}/HEAD?urlpath=lab/tree/notebooks/00_start_here.ipynb"
    assert f"]({address})" in (root / "README.md").read_text()
    assert (root / "notebooks" / "00_start_here.ipynb").exists()
