"""The course as a static site: it builds without a warning, its links lead somewhere, and everybody can read it."""

from __future__ import annotations

import os

import pytest
import yaml
from accessibility import DEPEND_ON_COLOUR, lost_at_400_percent, tabbed, violations
from conftest import NOTEBOOKS, ROOT
from live_pages import browser
from nights import one_in
from pattern_rules import LED
from tour import source, stops
from webpages import QUIET, Tab, dead_links, foreign, pages, parsed

FOLDER = ROOT / "notebooks"
NAMES = [path.stem for path in NOTEBOOKS]
REPORTS = [str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.glob("results/*/report/report.md")]
GUIDES = [str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.glob("instructor/*.md")]
DRAWN = "number => document.querySelectorAll('.revorder-live[data-figure]')[number].querySelector('[data-drawn]')"
OTHERS = [f"{path.parent.name}/{path.stem}" for room in ("reference", "how-to") for path in FOLDER.glob(f"{room}/*.md")]
SAMPLED = ["reference/index", "reference/theory", "how-to/own_experiment"]  # the others are made of the same parts
PAGES = [f"{name}.html" for name in ["index", *NAMES, "tour", *REPORTS, *GUIDES, *SAMPLED, "search"]]


@pytest.fixture(params=one_in(3, PAGES), scope="module")
def name(request):
    return request.param


@pytest.fixture(scope="module")
def tabs(address):
    """A function from Chromium's path and a page's name to the page, open; one is open at a time."""
    from playwright.sync_api import sync_playwright

    opened = {}

    def tab(chromium, name):
        if name not in opened:
            browser = opened.pop("browser", None) or playwright.chromium.launch(executable_path=chromium, args=QUIET)
            for old in opened.values():
                old.page.close()
            opened.clear()
            opened.update({name: Tab(browser, address + name), "browser": browser})
        return opened[name]

    with sync_playwright() as playwright:
        yield tab


@pytest.fixture
def tab(tabs, chromium, name):
    return tabs(chromium, name)


# The whole site


def test_the_hero_works_within_two_seconds_on_a_phone(address, chromium):
    phone = {"viewport": {"width": 393, "height": 727}, "device_scale_factor": 2.75}
    with browser(chromium) as running:
        page = running.new_context(**phone, is_mobile=True, has_touch=True).new_page()
        page.goto(f"{address}index.html")
        page.wait_for_function(DRAWN, arg=0)
        assert page.evaluate("document.querySelector('.live-on').live.born") < 2000
        page.get_by_label("To the start").tap()
        page.get_by_label("One step", exact=True).tap()
        assert page.evaluate("document.querySelector('.live-on').live.settings.step") == 1


def test_without_javascript_the_pictures_stay(address, chromium):
    with browser(chromium) as running:
        page = running.new_context(java_script_enabled=False).new_page()
        page.goto(f"{address}02_chaos_game.html")
        pictures = page.locator(".revorder-live img")
        assert pictures.count() >= 3
        assert all(box["width"] > 300 for box in (each.bounding_box() for each in pictures.all()))


def test_pages_are_those_of_the_folder(site):
    there = {str(page.relative_to(site)) for page in pages(site)}
    assert there == {*PAGES, *(f"{name}.html" for name in OTHERS)}


def test_links_lead_somewhere(site):
    assert dead_links(site) == []


def test_nothing_comes_from_another_host(site):
    assert foreign(site) == []


def test_the_workflow_installs_the_package_and_publishes_only_main():
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "pages.yml").read_text())
    torch, package = (step["run"] for step in workflow["jobs"]["build"]["steps"] if "pip" in step.get("run", ""))
    assert torch.endswith(" torch --index-url https://download.pytorch.org/whl/cpu")  # the other has CUDA
    assert package == 'pip install -c constraints.txt -e ".[site]"'
    assert workflow["jobs"]["deploy"]["if"] == "github.event_name == 'push' && github.ref == 'refs/heads/main'"
    assert workflow["permissions"] == {"contents": "read"} and "permissions" not in workflow["jobs"]["build"]


def test_the_tour_shows_the_code_of_its_stops(site):
    blocks = parsed(site / "tour.html").select(".literal-block-wrapper")
    shown = [(block.select_one(".caption-text").text, block.pre.text.rstrip()) for block in blocks]
    named = stops((FOLDER / "tour.md").read_text(encoding="utf-8"))
    assert shown == [(f"{file}: {name}", source(ROOT / file, name)) for file, name, _ in named]


# Each page, as it stands in its file


def test_all_notebooks_are_in_the_navigation(site, name):
    page = site / name
    paths = [link["href"].split("#")[0] for link in parsed(page).select("nav[aria-label=Course] a")]
    targets = [(page.parent / path).resolve() if path else page for path in paths]  # a page links to itself as "#"
    assert targets[: len(NAMES)] == [site / f"{notebook}.html" for notebook in NAMES]


def test_has_a_language_a_title_and_one_heading(site, name):
    page = parsed(site / name)
    assert page.html["lang"] == "en"
    assert len(page.title.text) > 10
    assert len(page.find_all("h1")) == 1


def test_figures_say_what_they_show(site, name):
    figures = parsed(site / name).select("article img")
    assert [figure["src"][:40] for figure in figures if len(figure.get("alt", "")) <= 40] == []
    if name.removesuffix(".html") in NAMES:
        assert len(figures) == (FOLDER / name).with_suffix(".ipynb").read_text().count('"image/png":')


def test_widgets_are_live_or_announced(site, name):
    page = parsed(site / name)
    assert "VBox(" not in page.main.text
    if name.removesuffix(".html") in NAMES:
        notebook = (FOLDER / name).with_suffix(".ipynb").read_text()
        shown = notebook.count('"application/vnd.jupyter.widget-view+json":')
        live = len(page.select("article .revorder-live[data-figure]"))
        assert live + page.main.text.count("This widget trains in Python") == shown
        assert live >= 4 or name[:2] not in LED


def test_the_first_page_opens_with_a_live_figure(site):
    first = parsed(site / "index.html").select_one("article .revorder-live[data-figure], article img, article h2")
    assert first["data-figure"] == "hero" and len(first.img["alt"]) > 40


# Each page in a browser


def test_loads_nothing_from_elsewhere(tab, address):
    assert [url for url in tab.requests if not url.startswith((address, "data:"))] == []
    assert tab.failures == []


def test_live_figures_wake_up(tab, site, name):
    figures = parsed(site / name).select("article .revorder-live[data-figure]")
    for number in range(len(figures)):
        tab.page.locator(".revorder-live[data-figure]").nth(number).scroll_into_view_if_needed()
        tab.page.wait_for_function(DRAWN, arg=number)
    assert tab.page.locator(".live-title").count() == len(figures)
    assert tab.failures == []


def test_notebooks_take_ten_screens(tab, name):
    """Of 1366 x 768, code of checks folded, with all figures live."""
    if name[:2] in LED:
        tab.page.set_viewport_size({"width": 1366, "height": 768})
        screens = tab.page.evaluate("document.querySelector('article').scrollHeight / innerHeight")
        tab.page.set_viewport_size({"width": 1280, "height": 1024})
        assert screens <= (10 if os.environ.get("CI") else 11)  # letters of other machines are wider


def test_maths_is_set(tab, site, name):
    formulas = len(parsed(site / name).select("article .math"))
    assert tab.page.locator("article .math mjx-container mjx-assistive-mml").count() == formulas
    assert tab.page.locator("mjx-merror, [data-mjx-error]").count() == 0
    assert "$" not in tab.page.evaluate(
        "() => { const copy = document.querySelector('article')?.cloneNode(true);"
        "copy?.querySelectorAll('pre, code').forEach(e => e.remove()); return copy?.textContent ?? '' }"
    )
    assert formulas > 0 or name.removesuffix(".html") not in NAMES


def test_nothing_is_lost_at_400_percent(tab):
    assert lost_at_400_percent(tab.page) == []


def test_axe_finds_nothing_in_the_light_theme(tab):
    tab.theme("light")
    assert violations(tab.page) == []


def test_axe_finds_nothing_in_the_dark_theme(tab):
    tab.theme("dark")
    assert violations(tab.page, DEPEND_ON_COLOUR) == []


# The keyboard


@pytest.fixture
def fresh(tabs, chromium, address):
    """A notebook, newly loaded."""
    page = tabs(chromium, "03_one_number.html").page
    page.goto(address + "03_one_number.html")
    return page


def test_the_first_tab_stop_skips_to_the_text(fresh):
    (first,) = tabbed(fresh, 1)
    assert first["text"] == "Skip to main content"
    fresh.wait_for_function("document.activeElement.getBoundingClientRect().top >= 0")  # it slides into sight
    fresh.keyboard.press("Enter")
    (next_stop,) = tabbed(fresh, 1)
    assert next_stop["place"] == "main-content"


def test_tab_reaches_search_theme_and_all_notebooks_visibly(fresh):
    stops = list(tabbed(fresh, 8 + len(PAGES)))
    assert {"Search", "Color mode"} <= {stop["label"] for stop in stops}
    reached = {stop["href"].split("/")[-1].split("#")[0] for stop in stops if stop["place"] == "pst-primary-sidebar"}
    assert reached >= {f"{notebook}.html" for notebook in NAMES}
    assert [stop for stop in stops if not stop["ring"]] == []


def test_the_keyboard_finds_a_word(fresh):
    fresh.keyboard.press("Control+k")
    fresh.keyboard.type("Sierpinski")
    fresh.keyboard.press("Enter")
    fresh.locator(".search-summary", has_text="found").wait_for()
    assert "02_chaos_game.html" in fresh.locator("#search-results ul.search").inner_html()


def test_at_400_percent_a_button_opens_the_navigation(fresh):
    fresh.set_viewport_size({"width": 320, "height": 256})
    button = next(stop for stop in tabbed(fresh, 3) if stop["label"] == "Site navigation")
    assert button["ring"]
    fresh.keyboard.press("Enter")
    inside = [stop for stop in tabbed(fresh, 8 + len(PAGES)) if stop["place"].startswith("pst-primary")]
    assert {f"{notebook}.html" for notebook in NAMES} <= {stop["href"].split("/")[-1].split("#")[0] for stop in inside}
    fresh.set_viewport_size({"width": 1280, "height": 1024})
