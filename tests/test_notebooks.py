"""What every notebook must have. nbval runs them; this refuses one that runs but checks or explains nothing."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from revorder.course import EXERCISES, check

NOTEBOOKS = sorted((Path(__file__).resolve().parent.parent / "notebooks").glob("*.ipynb"))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def outputs(notebook):
    return [output for cell in code(notebook) for output in cell.outputs]


def test_there_are_notebooks():
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{number:02d}" for number in range(len(NOTEBOOKS))]
    assert len(NOTEBOOKS) >= 8


def test_committed_from_one_complete_run_in_order(notebook):
    assert [cell.execution_count for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
    assert not any(output.output_type == "error" for output in outputs(notebook))
    assert not any(output.get("name") == "stderr" for output in outputs(notebook))
    assert "widgets" not in notebook.metadata


def test_checks_something(notebook):
    compared = [cell for cell in code(notebook) if "nbval-check-output" in cell.metadata.get("tags", [])]
    assert compared
    assert all(cell.outputs for cell in compared)
    assert sum(cell.source.count("assert ") for cell in code(notebook)) >= 3


def test_deterministic_text_is_compared(notebook):
    for cell in code(notebook):
        texts = [o for o in cell.outputs if o.output_type == "stream" or set(o.get("data", {})) == {"text/plain"}]
        if texts and "perf_counter" not in cell.source:  # seconds differ from run to run
            assert "nbval-check-output" in cell.metadata.get("tags", []), cell.source


def test_says_what_it_is_for(notebook):
    opening = notebook.cells[0].source
    for heading in ("What you will be able to do", "Time", "Prerequisites"):
        assert heading in opening
    text = prose(notebook)
    for part in ("Predict", "## What you should have seen", "References", "arxiv.org/abs/2502.01557"):
        assert part in text


def test_every_claim_at_the_end_is_asserted(notebook):
    closing = prose(notebook).split("## What you should have seen")[1].split("\n## ")[0]
    claims = re.findall(r"^\d+\. (?:.|\n(?=   ))*", closing, flags=re.MULTILINE)
    assert len(claims) >= 3
    assert all(re.search(r"\*\((asserted|Section \d+)\)\*$", claim) for claim in claims), claims
    asserting = [cell for cell in code(notebook) if "assert " in cell.source]
    assert sum(cell.source.count("assert ") for cell in asserting) >= len(claims)


def test_has_a_widget_and_a_static_figure_of_it(notebook):
    assert any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs(notebook))
    assert any(".picture" in cell.source for cell in code(notebook))


def test_figures_have_alt_text_and_stay_small(notebook):
    figures = [output.data for output in outputs(notebook) if "image/png" in output.get("data", {})]
    assert figures
    for data in figures:
        assert len(re.search(r'<img alt="([^"]*)"', data["text/html"]).group(1)) > 40
        assert len(data["image/png"]) * 3 / 4 < 80_000
    pictures = [cell for cell in code(notebook) if any("image/png" in o.get("data", {}) for o in cell.outputs)]
    assert len(pictures) == len(figures)


def test_exercises_exist_and_are_left_to_the_learner(notebook):
    asked = re.findall(r'ro\.course\.check\("([^"]+)"', "\n".join(cell.source for cell in code(notebook)))
    assert 2 <= len(asked) <= 4
    for name in asked:
        assert "not answered yet" in check(name, ...).message
        assert name in EXERCISES


def test_cells_are_short_and_define_no_machinery(notebook):
    for cell in code(notebook):
        assert len(cell.source.splitlines()) <= 14, cell.source
        assert not re.search(r"[/\\](home|work|tmp|root|usr)[/\\]", cell.source + str(cell.outputs)[:2000])


def test_links_between_notebooks_exist(notebook):
    for target in re.findall(r"\]\(([\w./-]+\.ipynb)\)", prose(notebook)):
        assert (NOTEBOOKS[0].parent / target).exists(), target


def test_every_notebook_is_on_the_map():
    """In the README, and at the end of notebook 00."""
    readme = (NOTEBOOKS[0].parent.parent / "README.md").read_text()
    last = prose(nbformat.read(NOTEBOOKS[0], as_version=4)).split("## Where to go next")[1]
    for path in NOTEBOOKS[1:]:
        assert f"](notebooks/{path.name})" in readme, path.name
        assert f"]({path.name})" in last, path.name


def test_the_folder_stays_small():
    assert sum(path.stat().st_size for path in NOTEBOOKS) < 8_000_000
