"""The README's first command serves the first notebook, and a learner can run it and turn its knobs."""

from __future__ import annotations

import re
import shutil
import urllib.request

import pytest
from lab import TOKEN, opened, served


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The README's own `jupyter lab` command, on a copy of the notebooks."""
    from conftest import ROOT

    command = re.search(r"&& (jupyter lab .*)", (ROOT / "README.md").read_text()).group(1)
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    with served(command, folder, tmp_path_factory.mktemp("jupyter")) as address:
        yield address


def test_serves_the_first_notebook(lab):
    with urllib.request.urlopen(f"{lab}/lab/tree/00_start_here.ipynb?token={TOKEN}") as page:
        assert page.status == 200
    with urllib.request.urlopen(f"{lab}/api/contents/00_start_here.ipynb?token={TOKEN}") as content:
        assert b"Start here" in content.read()


MOVES = {
    "00_start_here": ("learning rate", "ArrowLeft"),
    "01_contractions": ("learning rate h", "ArrowRight"),
    "02_chaos_game": ("learning rate", "ArrowLeft"),
    "03_one_number": ("step n", "ArrowRight"),
    "04_perfect_sampling": ("number of draws", "ArrowRight"),
    "05_quadratics": ("learning rate h", "ArrowRight"),
    "06_orders_and_costs": ("steps N", "ArrowRight"),
    "07_lie_brackets": ("learning rate h", "ArrowRight"),
    "08_neural_networks": ("learning rate h", "ArrowLeft"),
    "09_what_should_i_use": ("learning rate h", "ArrowRight"),
}
PICTURE = ".widget-html img"


@pytest.mark.parametrize("name", MOVES)
def test_runs_in_a_browser_and_its_widget_answers_the_keyboard(lab, chromium, name, tmp_path):
    label, key = MOVES[name]
    with opened(lab, f"{name}.ipynb", chromium) as page:
        assert page.evaluate("async () => await window.jupyterapp.commands.execute('notebook:run-all-cells')")
        knob = _scroll_to(page, f".widget-inline-hbox:has(.widget-label:text-is('{label}')) .noUi-handle")
        before = page.locator(PICTURE).first.get_attribute("src")
        knob.focus()
        page.keyboard.press(key)
        page.wait_for_function(f"old => document.querySelector('{PICTURE}')?.src !== old", arg=before)
        assert len(page.locator(PICTURE).first.get_attribute("alt")) > 40
        page.screenshot(path=tmp_path / f"{name}.png")
        assert page.locator(".jupyter-widgets-error-widget").count() == 0


def _scroll_to(page, selector):
    """JupyterLab draws only the cells in view: scroll until the widget is there."""
    panel = page.locator(".jp-WindowedPanel-outer").first
    panel.evaluate("panel => { panel.scrollTop = 0 }")
    for _ in range(60):
        if page.locator(selector).count():
            found = page.locator(selector).first
            found.scroll_into_view_if_needed()
            return found
        panel.evaluate("panel => { panel.scrollTop += 700 }")
        page.wait_for_timeout(200)
    raise AssertionError(f"no {selector} in the notebook")
