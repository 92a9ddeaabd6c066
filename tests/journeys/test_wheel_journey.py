"""A student's journey: install the package, read the first lines, answer, play, open the course; no clone in sight."""

from __future__ import annotations

import email
import re
import zipfile
from pathlib import Path

import pytest
import readme_renderer.markdown
from conftest import NOTEBOOKS, ROOT
from nights import at_night

import revorder as ro

SAMPLE = ("tests/test_orders.py", "tests/test_batches.py", "tests/theory/test_refusals.py")  # seconds
MORE = ("tests/test_batches.py", "tests/planning", "tests/theory", "tests/engines/test_engines.py", "tests/updates",
        "tests/running/test_determinism.py", "tests/course/test_course_answers.py", "tests/trajectories")  # fmt: skip
SECRETS = (b"BEGIN HIDDEN TESTS", b"BEGIN SOLUTION")  # nbgrader's marks of what students do not get


@pytest.fixture(scope="module")
def inside(fresh):
    """Name -> bytes of all that the wheel has."""
    with zipfile.ZipFile(fresh.wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture(scope="module")
def folder(fresh):
    """What `revorder course` makes, as the README has it."""
    said = fresh.run("revorder", "course").stdout
    opened = re.search(r"To begin: jupyter lab (\S+)", said).group(1)
    assert (fresh.home / opened).exists() and "not installed" not in said
    return (fresh.home / opened).parent


def test_every_name_comes_from_the_wheel(fresh):
    code = """
import sys, revorder as ro
for name in ro.__all__:
    value = getattr(ro, name)
    for inner in getattr(value, "__all__", []):
        getattr(value, inner)
ro.datasets.austen()
print(len(ro.__all__), ro.__file__, *sys.path, sep="\\n")
"""
    number, file, *path = fresh.printed(code).splitlines()
    assert int(number) == len(ro.__all__)
    assert Path(file).is_relative_to(fresh.python.parents[1]) and not any(str(ROOT) in each for each in path)


def test_ten_lines_print_what_the_readme_shows(fresh):
    text = (ROOT / "README.md").read_text("utf8")
    (example,), (shown,) = (re.findall(rf"```{of}\n(.*?)```", text, flags=re.DOTALL) for of in ("python", "text"))
    assert fresh.printed(example) == shown


def test_an_exercise_is_checked_and_figures_are_made(fresh):
    code = """
import torch, revorder as ro
print(ro.course.check("00-which-batch", (0.5, 0.5**10)))
print(ro.course.check("00-which-batch", (0.5**10, 0.5)))
for made in (ro.live.Composer(), ro.widgets.DigitsExplorer()):
    bundle = made._repr_mimebundle_()
    print(sorted(bundle[0] if isinstance(bundle, tuple) else bundle))
"""
    right, wrong, *made = fresh.printed(code).splitlines()
    assert right == "00-which-batch: correct." and "Hint" in wrong
    assert len(made) == 2 and all("widget-view+json" in bundle for bundle in made) and "image/png" in made[0]


def test_the_command_line_is_there(fresh):
    assert fresh.run("revorder", "--version").stdout.split()[-1] == ro.__version__
    assert {"course", "list", "run"} <= set(fresh.run("python", "-m", "revorder", "--help").stdout.split())


def test_the_course_is_copied_and_a_notebook_runs_there(fresh, folder, tmp_path):
    assert {path.name for path in folder.glob("*.ipynb")} == {path.name for path in NOTEBOOKS}
    fresh.run("jupyter", "execute", "00_start_here.ipynb", "--output=done.ipynb", cwd=folder)
    assert (folder / "done.ipynb").exists()
    read = "import revorder as ro; print(len(ro.experiments.Folder({} / 'mlp-fashion-mnist').finished()))"
    beside, packaged = read.format("__import__('pathlib').Path('results')"), read.format("ro.course.results()")
    assert int(fresh.printed(beside, cwd=folder)) == int(fresh.printed(packaged, cwd=tmp_path)) > 0


def test_a_learners_notebook_survives_a_second_copy(fresh, folder):
    (folder / "03_one_number.ipynb").write_text("{}")
    said = fresh.run("revorder", "course", folder).stdout
    assert "Kept as you left it: 03_one_number.ipynb" in said
    assert (folder / "03_one_number.ipynb").read_text() == "{}"


def test_the_wheel_has_all_of_the_package_and_nothing_else(fresh, inside):
    shipped = {name for name in inside if name.startswith("revorder/course/shipped/")}
    ours = {name for name in inside if ".dist-info/" not in name} - shipped
    assert ours == {name for name in fresh.names if name.startswith("revorder/")}
    assert {Path(name).name for name in shipped if name.endswith(".ipynb")} == {path.name for path in NOTEBOOKS}
    assert all(inside[name] == (fresh.sdist / "notebooks" / name.split("/", 3)[3]).read_bytes() for name in shipped)


def test_the_wheel_has_nothing_of_the_instructor(inside):
    assert [name for name in inside if "instructor" in name] == []
    assert [name for name, content in inside.items() if any(secret in content for secret in SECRETS)] == []


def test_pypi_gets_the_page_and_the_extras(inside, project):
    (content,) = (content for name, content in inside.items() if name.endswith(".dist-info/METADATA"))
    said = email.message_from_bytes(content)
    assert said["Description-Content-Type"] == "text/markdown"
    text = said.get_payload(decode=True).decode("utf8")
    assert readme_renderer.markdown.render(text) and f"/blob/v{ro.__version__}/notebooks/tour.md" in text
    assert set(said.get_all("Classifier")) == set(project["classifiers"]) and said["License-Expression"] == "Apache-2.0"
    assert {name.replace("_", "-") for name in said.get_all("Provides-Extra")} == set(project["optional-dependencies"])


@pytest.mark.parametrize("chosen", [SAMPLE, pytest.param(MORE, marks=at_night)], ids=["sample", "more"])
def test_tests_of_the_sdist_pass_there(fresh, chosen):
    """With the installed package: its own folder is not on the path of `pytest`."""
    probe = fresh.sdist / "tests" / "test_probe.py"
    probe.write_text(
        f"import revorder\n\ndef test_it():\n    assert '{fresh.python.parents[1]}' in revorder.__file__\n"
    )
    said = fresh.run("pytest", "-q", "-o", "addopts=", probe, *chosen, cwd=fresh.sdist, timeout=600).stdout
    assert re.search(r"\d+ passed", said) and "failed" not in said


def test_the_sdist_has_the_whole_clone(fresh):
    """Tests, notebooks, their site, constraints, workflows: what git knows, and what setuptools adds."""
    found = {path.relative_to(fresh.sdist).as_posix() for path in fresh.sdist.rglob("*") if path.is_file()}
    assert set(fresh.names) - found == set()
    assert "notebooks/instructor/11_assignment.ipynb" in found
