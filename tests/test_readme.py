"""The README keeps its word: its example prints what it shows, its pictures exist, its commands are the real ones."""

from __future__ import annotations

import contextlib
import io
import re


def blocks(root, language):
    return re.findall(rf"```{language}\n(.*?)```", (root / "README.md").read_text(), flags=re.DOTALL)


def test_example_prints_what_is_shown(root):
    (example,), (shown,) = blocks(root, "python"), blocks(root, "text")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(example, "README.md", "exec"), {})
    assert printed.getvalue() == shown
    assert len([line for line in example.splitlines() if line.strip()]) <= 10


def test_two_commands_and_ci_runs_the_second(root):
    lab, test = (block.strip() for block in blocks(root, "bash"))
    assert lab.endswith("jupyter lab --allow-root notebooks/00_start_here.ipynb")
    assert test.endswith("&& pytest")
    assert (root / ".ci" / "run").read_text().splitlines()[-1] == test


def test_pictures_have_alt_text_and_links_lead_somewhere(root):
    text = (root / "README.md").read_text()
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", text)
    assert len(pictures) >= 2
    assert all(len(alt) > 40 for alt, _ in pictures)
    local = [target for target in re.findall(r"\]\(([^)]+)\)", text) if not target.startswith("https://")]
    assert local
    assert all((root / target).exists() for target in local)


def test_versions_are_pinned_for_every_dependency(root):
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    names = {re.match(r"[\w.-]+", requirement).group().lower() for requirement in wanted}
    pinned = dict(
        line.lower().split("==") for line in (root / "constraints.txt").read_text().splitlines() if "==" in line
    )
    assert names <= pinned.keys()
    assert pinned["torch"] == "2.13.0"
