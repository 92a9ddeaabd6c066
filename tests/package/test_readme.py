"""The README keeps its word: its example prints what it shows, its pictures exist, its commands are the real ones."""

from __future__ import annotations

import contextlib
import io
import re

import pytest
from conftest import ROOT, same_as_in_the_course
from scripts import loaded

BADGES = ("badge_logo.svg", "colab-badge.svg", "open-in-kaggle.svg")  # say what they open, and are no figures


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
    pictures = re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", text) + re.findall(r'<img alt="([^"]*)" src="([^"]*)"', text)
    assert len(pictures) >= 3
    assert all(len(alt) > 40 for alt, source in pictures if not source.endswith(BADGES))
    targets = re.findall(r"\]\(([^)]+)\)", text) + re.findall(r'src(?:set)?="([^"]*)"', text)
    local = [target for target in targets if not target.startswith("https://")]
    assert local
    assert all((root / target).exists() for target in local)


def test_versions_are_pinned_for_every_dependency(root, project):
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    names = {re.match(r"[\w.-]+", requirement).group().lower() for requirement in wanted}
    pinned = dict(
        line.lower().split("==") for line in (root / "constraints.txt").read_text().splitlines() if "==" in line
    )
    assert names - {project["name"]} <= pinned.keys()  # an extra may name other extras
    assert pinned["torch"] == "2.13.0"


def test_citation_names_the_paper_and_this_version(root, project):
    import yaml

    import revorder as ro

    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert citation["version"] == ro.__version__
    assert citation["repository-code"] == project["urls"]["Repository"]
    paper = citation["preferred-citation"]
    assert paper["identifiers"][0]["value"] == "arXiv:2502.01557"
    readme = (root / "README.md").read_text()
    assert all(author["family-names"] in readme for author in paper["authors"])
    assert re.sub(r"\s+", " ", paper["title"]) in re.sub(r"\s+", " ", readme)


@pytest.fixture(scope="module")
def hero():
    """notebooks/figures/hero.py, which draws the animation."""
    return loaded(ROOT / "notebooks" / "figures" / "hero.py")


def test_animation_is_what_its_script_draws(hero):
    same_as_in_the_course("matplotlib", "pillow")
    from PIL import Image, ImageChops, ImageStat

    moving, still = (Image.open(ROOT / "notebooks" / "figures" / name) for name in ("hero.gif", "hero.png"))
    assert moving.n_frames == hero.STEPS + 1
    animation = hero.Animation(hero.paths())
    animation.frame(0)  # the layout is that of the first frame
    drawn = animation.frame(hero.STEPS)
    moving.seek(hero.STEPS)
    for committed in (still.convert("RGB"), moving.convert("RGB")):
        assert max(ImageStat.Stat(ImageChops.difference(committed, drawn)).mean) < 2
    moving.seek(hero.STEPS // 2)
    assert max(ImageStat.Stat(ImageChops.difference(moving.convert("RGB"), drawn)).mean) > 2


def test_animation_shows_what_the_readme_says(hero):
    late = {name: states[hero.STEPS // 2 :].std(axis=0) for name, states in hero.paths().items()}
    assert (late["backward"] < 1e-4).all()
    assert (late["forward"] > 0.05).all()
