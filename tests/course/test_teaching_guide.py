"""The guide for teachers names what there is."""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess

from conftest import NOTEBOOKS
from guide import GUIDE, commands
from nbgrader.preprocessors import overwritecells

import revorder as ro


def test_guide_names_every_notebook():
    text = GUIDE.read_text()
    assert [path.name for path in NOTEBOOKS if f"(../{path.name})" not in text] == []


def test_functions_that_the_guide_names_exist():
    for name, arguments in re.findall(r"`(ro(?:\.\w+)+)(\(?)", GUIDE.read_text()):
        found = ro
        for part in name.split(".")[1:]:
            found = getattr(found, part)
        assert not arguments or callable(found)


def test_warnings_that_the_guide_explains_are_those_that_are_given():
    section = re.search(r"### If something is odd\n(.*?)\n## ", GUIDE.read_text(), flags=re.DOTALL).group(1)
    given = inspect.getsource(overwritecells) + (GUIDE.parent / "grading" / "restored.py").read_text()
    quoted = [part for text in re.findall(r"\*([A-Z][^*]+… [^*]+)\*", section) for part in text.split("…")]
    assert len(quoted) == 4 and [part for part in quoted if part.strip().replace("checksum", "%s") not in given] == []


def test_a_second_assignment_keeps_the_settings_of_the_course(tmp_path):
    shutil.copytree(GUIDE.parent, tmp_path / "notebooks" / "instructor")
    config, found = tmp_path / "course" / "nbgrader_config.py", []
    for name in ("11_assignment", "12_practice"):
        script = (
            commands("Make the release").replace("nbgrader generate_assignment", ": ").replace("11_assignment", name)
        )
        subprocess.run(["bash", "-euc", script], cwd=tmp_path, check=True)
        found.append(config.read_text())
    assert found[0] == found[1] and found[0].count("c.Judged.seed = ") == 1
    assert int(found[0].rpartition("c.Judged.seed = ")[2]) > 2**64  # nobody tries them all
    assert config.parent.stat().st_mode & 0o777 == 0o700
