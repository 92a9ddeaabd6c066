"""The experiment panel in a real JupyterLab: started, paused, stopped and resumed by keyboard, with the kernel free."""

from __future__ import annotations

import re
import shutil

import pytest
from lab import opened, served

STATUS = "[role='status']"
CURVE = ".widget-html img[alt*='one line for each run']"
ASK = """async () => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const began = performance.now();
    const future = kernel.requestExecute({code: "assert panel.task.is_alive()"});
    const reply = await future.done;
    return [reply.content.status, performance.now() - began];
}"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The README's own `jupyter lab` command, on a copy of the notebooks."""
    from conftest import ROOT

    command = re.search(r"&& (jupyter lab .*)", (ROOT / "README.md").read_text()).group(1)
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    with served(command, folder, tmp_path_factory.mktemp("jupyter")) as address:
        yield address


def press(page, name):
    button = page.locator(f"button.jupyter-button:text-is('{name}')").first
    page.wait_for_function("button => !button.disabled", arg=button.element_handle())
    button.focus()
    page.keyboard.press("Enter")


def becomes(page, state):
    page.wait_for_function(
        "said => document.querySelector(\"[role='status']\")?.textContent.startsWith(said)", arg=f"{state}."
    )


def evaluations(page):
    said = page.locator(".widget-html:has-text(' evaluations, ')").first.text_content()
    return int(re.search(r"([\d,]+) of [\d,]+ evaluations", said).group(1).replace(",", ""))


def scroll_to(page, selector):
    """JupyterLab draws only the cells in view: scroll until the widget is there."""
    outer = page.locator(".jp-WindowedPanel-outer").first
    outer.evaluate("outer => { outer.scrollTop = 0 }")
    for _ in range(60):
        if page.locator(selector).count():
            page.locator(selector).first.scroll_into_view_if_needed()
            return
        outer.evaluate("outer => { outer.scrollTop += 500 }")
        page.wait_for_timeout(200)
    raise AssertionError(f"no {selector} in the notebook")


def test_an_experiment_is_run_by_keyboard_while_the_kernel_answers(lab, chromium, tmp_path):
    with opened(lab, "10_gpu_experiments.ipynb", chromium) as page:
        assert page.evaluate("async () => await window.jupyterapp.commands.execute('notebook:run-all-cells')")
        scroll_to(page, STATUS)
        becomes(page, "Finished")  # the notebook itself has pressed Start once
        seeds = page.locator(".widget-inline-hbox:has(.widget-label:text-is('seeds')) input").first
        seeds.focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("100")
        page.keyboard.press("Tab")
        before = page.locator(CURVE).first.get_attribute("src")

        press(page, "Start")
        becomes(page, "Running")
        page.wait_for_function(f'old => document.querySelector("{CURVE}")?.src !== old', arg=before)
        page.wait_for_function("name => document.activeElement.textContent === name", arg="Pause")  # focus went on
        status, milliseconds = page.evaluate(ASK)
        assert status == "ok" and milliseconds < 5000
        page.keyboard.press("Enter")
        becomes(page, "Paused")
        page.wait_for_timeout(500)
        stand = evaluations(page)
        page.screenshot(path=tmp_path / "paused.png")
        page.wait_for_timeout(500)
        assert evaluations(page) == stand > 0

        press(page, "Resume")
        becomes(page, "Running")
        page.wait_for_function(
            "stand => { const found = [...document.querySelectorAll('.widget-html')].map(each =>"
            "each.textContent.match(/([0-9,]+) of [0-9,]+ evaluations/)).find(Boolean);"
            "return found && +found[1].replaceAll(',', '') > stand }", arg=stand
        )  # fmt: skip
        press(page, "Stop")
        becomes(page, "Stopped")
        page.screenshot(path=tmp_path / "stopped.png")
        press(page, "Resume")
        becomes(page, "Running")
        press(page, "Stop")
        becomes(page, "Stopped")
        assert len(page.locator(CURVE).first.get_attribute("alt")) > 40
        assert page.locator("[role='alert']").count() == 0
        assert page.locator(".jupyter-widgets-error-widget").count() == 0
        assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
