"""What strangers see before they have the package: PyPI's page, its metadata, the citation; and who may publish it."""

from __future__ import annotations

import datetime
import re
import runpy
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest
import readme_renderer.markdown
import trove_classifiers
import yaml
from bs4 import BeautifulSoup
from conftest import ROOT

import revorder as ro

OURS = re.compile(r"/revorder/revorder/(?:blob/|tree/)?(?:HEAD|main|v[\d.]+)(?:/|\?urlpath=lab/tree/)")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
MAY_WRITE = {("pages", "deploy"): {"pages", "id-token"}, ("release", "publish"): {"id-token"}}
setup = runpy.run_path(str(ROOT / "setup.py"))
check_release = runpy.run_path(str(ROOT / ".ci" / "release.py"))["faults"]


def pypi_page(text):
    """A README as PyPI shows it."""
    made = readme_renderer.markdown.render(setup["with_addresses"](text, "v1.2.3"))
    assert made, "PyPI would show the bare text"
    return BeautifulSoup(made, "html.parser")


def addresses(page):
    """(what names it, the address) for all links and pictures of a page, but those within it."""
    for tag, attribute in (("a", "href"), ("img", "src"), ("source", "srcset")):
        for found in page.find_all(tag, attrs={attribute: True}):
            if not found[attribute].startswith("#"):
                yield tag, found[attribute]


def place(address):
    """Where in this repository an address leads, on whatever site that opens it; None for what is elsewhere."""
    found = OURS.search(unquote(address))
    return unquote(address)[found.end() :].partition("#")[0] if found else None


@pytest.fixture(scope="module")
def page():
    return pypi_page((ROOT / "README.md").read_text("utf8"))


def test_pypi_shows_links_and_pictures_that_are_whole(page):
    found = list(addresses(page))
    assert len(found) > 30 and sum(tag == "img" for tag, _ in found) >= 3
    assert all(address.startswith("https://") for _, address in found), found
    pictures = [address for tag, address in found if tag == "img" and "/notebooks/" in address]
    assert len(pictures) >= 3
    assert all(each.startswith("https://raw.githubusercontent.com/revorder/revorder/v1.2.3/") for each in pictures)


def test_addresses_of_this_repository_lead_to_its_files(page, root):
    places = [place(address) for _, address in addresses(page)]
    inside = [found for found in places if found is not None]
    assert len(inside) > 20
    assert [found for found in inside if not (root / found).exists()] == []
    sites = ("https://mybinder.org", "https://colab.", "https://kaggle.")
    opened = [place(address) for tag, address in addresses(page) if tag == "a" and address.startswith(sites)]
    assert opened == ["notebooks/00_start_here.ipynb"] * 3


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[a](notebooks/tour.md)", "https://github.com/revorder/revorder/blob/v1.2.3/notebooks/tour.md"),
        ("![a](x/y.png)", "https://raw.githubusercontent.com/revorder/revorder/v1.2.3/x/y.png"),
        ('<img alt="a" src="x.gif">', "https://raw.githubusercontent.com/revorder/revorder/v1.2.3/x.gif"),
        ("[a](https://arxiv.org/abs/1)", "https://arxiv.org/abs/1"),
        ("[a](#how-fast)", None),
        ("`ro.x[0](y)`", None),
    ],
)
def test_links_are_made_whole_one_by_one(written, shown):
    assert [address for _, address in addresses(pypi_page(written))] == ([shown] if shown else [])


def test_pictures_for_less_motion_are_made_whole(root):
    """PyPI drops them, other readers of the metadata may not."""
    text = setup["with_addresses"]((root / "README.md").read_text("utf8"), "v1.2.3")
    (calm,) = re.findall(r'srcset="([^"]*)"', text)
    assert calm == "https://raw.githubusercontent.com/revorder/revorder/v1.2.3/notebooks/figures/hero.png"


def test_metadata_are_pypis(project, root):
    assert set(project["classifiers"]) <= trove_classifiers.classifiers
    assert project["classifiers"] == sorted(project["classifiers"], key=lambda said: said.replace(" :: ", "\0"))
    assert not any(said.startswith("License ::") for said in project["classifiers"])  # PEP 639: `license` says it
    assert project["license"] == "Apache-2.0" and "Typing :: Typed" in project["classifiers"]
    assert (root / "revorder" / "py.typed").exists() and project["authors"]
    assert set(project["urls"]) == {"Documentation", "Repository", "Issues", "Changelog", "Paper"}
    assert place(project["urls"]["Changelog"]) == "CHANGELOG.md"
    assert project["urls"]["Documentation"] in (root / "README.md").read_text("utf8")


def test_pythons_are_those_that_are_tested(project, root):
    versions = {said.rpartition(" ")[2] for said in project["classifiers"] if re.search(r"Python :: 3\.\d+$", said)}
    support = yaml.safe_load((root / ".github" / "workflows" / "support.yml").read_text())
    tried = {each["python"] for each in support["jobs"]["versions"]["strategy"]["matrix"]["include"]}
    assert {min(versions), max(versions)} == tried and project["requires-python"] == f">={min(versions)}"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_may_only_read(path):
    """Every workflow says what it may; only two jobs may more, and say so themselves."""
    flow = yaml.safe_load(path.read_text())
    assert flow["permissions"] == {"contents": "read"}
    for name, job in flow["jobs"].items():
        widened = job.get("permissions", {})
        assert set(widened) == MAY_WRITE.get((path.stem, name), set()), name
        assert "secrets." not in str(job) and "password" not in str(job)


def test_a_release_is_tested_and_built_before_it_is_published(root):
    flow = yaml.safe_load((root / ".github" / "workflows" / "release.yml").read_text())
    assert flow[True] == {"push": {"tags": ["v*"]}}  # YAML 1.1 reads `on` so
    jobs = flow["jobs"]
    assert jobs["publish"]["needs"] == ["test", "build"] and jobs["publish"]["environment"]["name"] == "pypi"
    assert jobs["test"]["steps"][-1]["run"] == "bash .ci/run"
    assert not any("run" in step or "checkout" in step["uses"] for step in jobs["publish"]["steps"])
    runs = [step.get("run", "").partition(" #")[0].strip() for step in jobs["build"]["steps"]]
    assert runs.index('python3 .ci/release.py "$GITHUB_REF_NAME"') < runs.index("uv build")
    assert any(run.startswith("uvx twine check --strict") for run in runs)


@pytest.fixture
def released(root, tmp_path):
    """The files of a release, as they must be on its day."""
    for name in ("README.md", "CITATION.cff", "CHANGELOG.md", "revorder/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    cited = yaml.safe_load((root / "CITATION.cff").read_text())["date-released"]
    change(tmp_path / "CHANGELOG.md", "(unreleased)", f"({cited})")
    change(tmp_path / "README.md", "(there is none yet)", "")
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text("utf8").replace(old, new), "utf8")


def test_a_release_that_agrees_may_be_made(released):
    assert check_release(f"v{ro.__version__}", released) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("revorder/__init__.py", ro.__version__, "7.0", "the package 7.0"),
        ("CITATION.cff", f"version: {ro.__version__}", "version: 7.0", "CITATION.cff is of 7.0"),
        ("CITATION.cff", "date-released: ", "date-released: 1", "CHANGELOG.md says"),
        ("CHANGELOG.md", f"## {ro.__version__} ", "## 7.0 ", "CHANGELOG.md begins with 7.0"),
        ("README.md", "# revorder", "# revorder (there is none yet)", "no release yet"),
    ],
)
def test_a_release_that_contradicts_itself_is_stopped(released, name, old, new, said):
    change(released / name, old, new)
    assert any(said in fault for fault in check_release(f"v{ro.__version__}", released))


def test_until_then_readme_and_changelog_say_so(root):
    unreleased = re.search(r"^## \S+ \(unreleased\)$", (root / "CHANGELOG.md").read_text("utf8"), re.MULTILINE)
    assert bool(unreleased) == ("(there is none yet)" in (root / "README.md").read_text("utf8"))


def test_the_citation_has_its_fields(root):
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert isinstance(citation["date-released"], datetime.date) and "references" not in citation
    paper = citation["preferred-citation"]
    assert paper["type"] == "article" and {"title", "authors", "journal", "year", "url"} <= set(paper)
    assert all(author.keys() == {"given-names", "family-names"} for author in paper["authors"])
