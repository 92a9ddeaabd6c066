"""`revorder course`: the notebooks in a learner's folder, whose own work is never lost."""

from __future__ import annotations

import json
import shlex

import pytest
from click.testing import CliRunner
from conftest import NOTEBOOKS, ROOT
from processes import python

from revorder.__main__ import main
from revorder.course import copying
from revorder.course.copying import FIRST, RECORD, copied, files


@pytest.fixture
def origin(tmp_path, monkeypatch):
    """A small course: two notebooks, and a result folder that they read."""
    made = tmp_path / "origin"
    (made / "results" / "digits" / "jobs").mkdir(parents=True)
    for name in (FIRST, "01_more.ipynb", "results/digits/config.json", "results/digits/jobs/seed0.safetensors"):
        (made / name).write_text(f"version 1 of {name}")
    (made / "instructor").mkdir()
    for name in ("instructor/11_assignment.ipynb", "rerun.py", "index.md", "results/script.py"):
        (made / name).write_text("not for learners")
    monkeypatch.setattr(copying, "source", lambda: made)
    return made


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "a learner's"


def course(*arguments):
    return CliRunner().invoke(main, ["course", *map(str, arguments)])


def under(folder):
    found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(name for name in found if name != RECORD)


def test_learners_get_the_notebooks_and_what_they_read(origin, folder):
    made = copied(folder)
    assert list(made.made) == under(folder) == files(origin)
    assert not any("instructor" in name or name.endswith((".py", ".md")) for name in made.made)
    assert all((folder / name).read_text() == f"version 1 of {name}" for name in made.made)


def test_a_second_call_does_nothing(origin, folder):
    copied(folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    again = copied(folder)
    assert list(again.same) == files(origin) and not (again.made or again.renewed or again.kept)
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_what_a_learner_changed_is_kept_and_named(origin, folder):
    copied(folder)
    (folder / FIRST).write_text("my answers")
    (folder / "01_more.ipynb").unlink()
    (folder / "mine.txt").write_text("mine")
    done = course(folder)
    assert done.exit_code == 0 and f"Kept as you left it: {FIRST}" in done.output and "--replace" in done.output
    assert "1 file copied, 1 file kept, 2 files there already" in done.output
    assert (folder / FIRST).read_text() == "my answers" and (folder / "01_more.ipynb").exists()
    assert (folder / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("forgotten", [False, True])
def test_another_version_renews_what_the_learner_left_alone(origin, folder, forgotten):
    """Without the record of what was put there, whatever differs may be the learner's."""
    copied(folder)
    (folder / "01_more.ipynb").write_text("my answers")
    for name in (FIRST, "01_more.ipynb"):
        (origin / name).write_text("version 2")
    if forgotten:
        (folder / RECORD).write_text('["not", "a record"' if forgotten else "")
    done = copied(folder)
    assert done.kept == (("00_start_here.ipynb", "01_more.ipynb") if forgotten else ("01_more.ipynb",))
    assert done.renewed == (() if forgotten else (FIRST,))
    assert (folder / "01_more.ipynb").read_text() == "my answers"


def test_a_file_kept_once_is_kept_for_ever(origin, folder):
    """The hash of a kept file is never written down as ours."""
    copied(folder)
    (folder / FIRST).write_text("my answers")
    for version in (2, 3, 4):
        (origin / FIRST).write_text(f"version {version}")
        assert copied(folder).kept == (FIRST,)
    (folder / FIRST).write_text(f"version 1 of {FIRST}")  # what the learner did is undone
    assert copied(folder).renewed == (FIRST,)


def test_replace_puts_the_courses_files_back(origin, folder):
    copied(folder)
    (folder / FIRST).write_text("my answers")
    done = course(folder, "--replace")
    assert done.exit_code == 0 and "1 file renewed" in done.output and "Kept" not in done.output
    assert (folder / FIRST).read_text() == (origin / FIRST).read_text()
    (origin / FIRST).write_text("version 2")
    assert copied(folder).renewed == (FIRST,)


@pytest.mark.parametrize(
    "record", ["", "[]", '{"00_start_here.ipynb": 3}', '{"00_start_here.ipynb": ""}', "[" * 100_000, "\x00"]
)
def test_a_damaged_record_keeps_what_differs(origin, folder, record):
    copied(folder)
    (folder / FIRST).write_text("my answers")
    (folder / RECORD).write_text(record)
    assert copied(folder).kept == (FIRST,) and json.loads((folder / RECORD).read_text())


def test_names_that_cannot_be_meant_are_refused(origin, folder):
    folder.write_text("a file")
    for where, said in ((folder, "is a file"), (origin, "where the course itself lies"), (origin / ".", "itself")):
        done = course(where)
        assert done.exit_code == 2 and said in " ".join(done.output.split()), done.output
    assert (origin / FIRST).read_text() == f"version 1 of {FIRST}"


def test_what_the_system_refuses_is_said_and_nothing_is_half_written(origin, folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copying.os, "replace", full)
    done = course(folder)
    assert done.exit_code == 1 and "No space left" in done.output and "Traceback" not in done.output
    assert under(folder) == []


def test_a_folder_in_the_place_of_a_notebook_is_said(origin, folder):
    (folder / FIRST).mkdir(parents=True)
    assert course(folder).exit_code == 1


def test_a_way_to_begin_is_said(origin, folder, monkeypatch):
    done = course(folder)
    assert done.output.splitlines()[-1] == f"To begin: jupyter lab {shlex.quote(str(folder / FIRST))}"
    assert "pip install" not in done.output
    monkeypatch.setattr("revorder.course.command.find_spec", lambda _: None)
    assert 'JupyterLab is not installed here: pip install "revorder[lab]"' in course(folder).output


def test_a_clone_hands_out_its_own_notebooks(tmp_path):
    """The package is installed with `pip install -e` here. Nor is torch needed to copy."""
    code = "import sys; sys.modules['torch'] = None; from revorder.__main__ import main; main(['course', 'mine'])"
    done = python("-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert copying.source() == ROOT / "notebooks"
    assert {path.name for path in NOTEBOOKS} == {path.name for path in (tmp_path / "mine").glob("*.ipynb")}
    assert (tmp_path / "mine" / "results" / "mlp-fashion-mnist" / "card.json").exists()


def test_a_folder_without_the_course_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="does not have the course"):
        files(tmp_path)
