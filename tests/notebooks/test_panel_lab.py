"""The experiment panel in a real JupyterLab: started, paused, stopped and resumed by keyboard, with the kernel free."""

from __future__ import annotations

import re

import pytest
from lab import RUN, boxes, go_to, mistakes, opened, readme_lab

CURVE = ".widget-html img[alt*='one line for each run']"
ASK = """async () => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const began = performance.now();
    const future = kernel.requestExecute({code: "assert panel.task.is_alive()"});
    const reply = await future.done;
    return [reply.content.status, performance.now() - began];
}"""


FOCUS = "document.activeElement.textContent"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    with readme_lab(tmp_path_factory) as lab:
        yield lab


def press(page, name, way="Tab"):
    """Walk to a button by keyboard, and press it."""
    button = page.locator(f"button.jupyter-button:text-is('{name}')").first
    page.wait_for_function("button => !button.disabled", arg=button.element_handle())
    for _ in range(10):  # there are fewer controls in the panel below the field for seeds
        if page.evaluate(FOCUS) == name:
            break
        page.keyboard.press(way)
    assert page.evaluate(FOCUS) == name
    page.keyboard.press("Enter")


def becomes(page, state):
    page.wait_for_function(
        "said => document.querySelector(\"[role='status']\")?.textContent.startsWith(said)", arg=f"{state}."
    )


def evaluations(page):
    said = page.locator(".widget-html:has-text(' evaluations, ')").first.text_content()
    return int(re.search(r"([\d,]+) of [\d,]+ evaluations", said).group(1).replace(",", ""))


def test_an_experiment_is_run_by_keyboard_while_the_kernel_answers(lab, chromium, tmp_path):
    with opened(lab, "10_gpu_experiments.ipynb", chromium) as page:
        assert page.evaluate(RUN), mistakes(page)
        go_to(page, boxes(page)[0])
        becomes(page, "Stopped")  # the notebook shows a run that was left half done
        before = page.locator(CURVE).first.get_attribute("src")
        seeds = page.locator(".widget-inline-hbox:has(.widget-label:text-is('seeds')) input").first
        seeds.focus()
        page.keyboard.press("Control+A")
        page.keyboard.type("100")
        page.keyboard.press("Tab")
        becomes(page, "Idle")  # of a hundred seeds nothing is known

        press(page, "Start")
        becomes(page, "Running")
        page.wait_for_function(f'old => document.querySelector("{CURVE}")?.src !== old', arg=before)
        page.wait_for_function("name => document.activeElement.textContent === name", arg="Pause")  # focus went on
        status, milliseconds = page.evaluate(ASK)
        assert status == "ok" and milliseconds < 5000
        page.keyboard.press("Space")
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
        press(page, "Resume", "Shift+Tab")
        becomes(page, "Running")
        press(page, "Stop")
        becomes(page, "Stopped")
        assert len(page.locator(CURVE).first.get_attribute("alt")) > 40
        assert page.locator("[role='alert']").count() == 0
        assert page.locator(".jupyter-widgets-error-widget").count() == 0
        assert mistakes(page) == []
