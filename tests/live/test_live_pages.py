"""Every live figure on a page without a kernel: mouse, finger, keys, small and dark screens, less motion, axe."""

from __future__ import annotations

import pytest
from accessibility import violations
from conftest import browser_path
from live_pages import browser, opened
from live_truth import gap
from nights import one_in

import revorder as ro

NAMES = list(ro.live.__all__)
PLAYED = "document.querySelector('.live-on').live"
COMPARED = """async ([figure, settings]) => {
    const found = (await import(`./js/${figure}_states.js`)).compared(settings);
    const plain = (key, value) => typeof value === 'number' && !Number.isFinite(value) ? String(value)
        : ArrayBuffer.isView(value) ? Array.from(value) : value;
    return JSON.parse(JSON.stringify(found, plain));
}"""

# of a group of radio buttons Tab reaches the chosen one; a control without a ring does not count as reached
NAME = "const name = e => e.tagName + (e.getAttribute('aria-label') ?? e.id ?? '') + e.textContent;"
WANTED = f"""() => {{ {NAME}
    const kinds = 'button, input, select, .live-handle, .live-press[tabindex="0"]';
    const all = [...document.querySelectorAll(`.live-on :is(${{kinds}})`)];
    const shown = e => e.checkVisibility() && e.style.display !== 'none' && !e.disabled;
    return all.filter(e => shown(e) && (e.type !== 'radio' || e.checked)).map(name); }}"""
FOCUSED = f"""() => {{ {NAME}
    const e = document.activeElement, ring = x => x && getComputedStyle(x).outlineStyle !== 'none';
    const shape = e.matches('.live-press') ? e : e.querySelector('.live-reach');
    const stroke = shape && getComputedStyle(shape).stroke;
    return ring(e) || ring(e.nextElementSibling) || (stroke && stroke !== 'none') ? name(e) : ''; }}"""


@pytest.fixture(scope="module")
def chrome():
    with browser(browser_path()) as running:
        yield running


@pytest.fixture(params=one_in(3, NAMES), scope="module")
def name(request):
    return request.param


@pytest.fixture(scope="module")
def page(chrome, name, tmp_path_factory):
    """The figure on a wide page, in its first state."""
    figure = getattr(ro.live, name)()
    with opened(chrome, tmp_path_factory.mktemp(name), [figure], viewport={"width": 1000, "height": 900}) as page:
        yield page
    figure.close()


def live(page, expression):
    return page.evaluate(f"(() => {{ const live = {PLAYED}; return {expression}; }})()")


def settle(page):
    """Wait until two frames have been drawn."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")


def test_paints_without_an_error_and_says_something(page):
    assert page.errors == []
    assert len(page.locator(".live-title").inner_text()) > 10
    wide = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert wide and page.locator(".live-on").bounding_box()["height"] < 760


def test_something_is_on_every_canvas(page):
    blank = """() => [...document.querySelectorAll('.live-stage > canvas')].filter(canvas => {
        const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        return new Set(new Uint32Array(data.buffer)).size < 4;
    }).length"""
    assert page.evaluate(blank) == 0


def test_states_in_the_page_are_those_of_run(page, name):
    figure = getattr(ro.live, name)()
    if name != "Predict":
        assert gap(page.evaluate(COMPARED, [figure.figure, figure.settings]), figure.states()) < 1e-12
    figure.close()


def test_axe_finds_nothing_in_light_and_dark(page):
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        settle(page)
        assert page.evaluate("document.querySelector('.live-on').classList.contains('live-dark')") == (theme == "dark")
        assert violations(page, pruned=False) == []
    page.evaluate("document.documentElement.dataset.theme = 'light'")


def test_play_goes_on_and_pause_holds(page):
    if not live(page, "!!live.player"):
        return
    page.get_by_label("To the start").click()
    page.get_by_label("Play", exact=True).click()
    page.wait_for_function(f"{PLAYED}.settings.step > 0")
    page.get_by_label("Pause", exact=True).click()
    held = live(page, "live.settings.step")
    page.wait_for_timeout(300)
    assert live(page, "live.settings.step") == held
    page.get_by_label("One step", exact=True).click()
    assert live(page, "live.settings.step") == min(held + 1, live(page, "live.player.last"))
    assert page.errors == []


def test_every_handle_follows_mouse_and_keys(page):
    for number in range(page.locator(".live-handle:visible").count()):
        handle = page.locator(".live-handle:visible").nth(number)
        handle.scroll_into_view_if_needed()
        before = live(page, "JSON.stringify(live.settings)")
        box = handle.locator(".live-knob").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 9, y + 7)
        page.mouse.move(x - 17, y + 13, steps=3)
        page.mouse.up()
        dragged = live(page, "JSON.stringify(live.settings)")
        handle.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowUp")
        moved = live(page, "JSON.stringify(live.settings)")
        assert dragged != before or moved != dragged, handle.get_attribute("aria-label")
        page.keyboard.press("Shift+ArrowLeft")
        page.keyboard.press("Shift+ArrowDown")
        assert live(page, "JSON.stringify(live.settings)") != moved, handle.get_attribute("aria-label")
    settle(page)
    assert page.errors == []


def test_keys_of_the_figure_do_not_reach_the_page(page):
    """A key that the figure uses must not arrive at the cell of a notebook; those of the notebook must."""
    page.evaluate("() => { window.heard = []; document.addEventListener('keydown', e => window.heard.push(e.key)) }")
    page.locator(".live-on").locator("button, input, select, .live-handle").first.focus()
    page.keyboard.press("b")
    page.keyboard.press("Escape")
    assert page.evaluate("window.heard") == ["Escape"]


def test_tab_reaches_every_control_and_shows_where_it_is(page):
    wanted = page.evaluate(WANTED)
    page.evaluate("() => { document.activeElement.blur(); getSelection().removeAllRanges() }")
    found = []
    for _ in range(2 * len(wanted) + 3):
        page.keyboard.press("Tab")
        found.append(page.evaluate(FOCUSED))
    assert [name for name in wanted if name not in found] == []


def test_a_phone_shows_all_and_follows_a_finger(chrome, name, tmp_path):
    figure = getattr(ro.live, name)()
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
    with opened(chrome, tmp_path, [figure], "dark", **phone, reduced_motion="reduce") as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        outside = """() => [...document.querySelectorAll('.live-on *')].filter(e => {
            const at = e.getBoundingClientRect();
            const hidden = e.closest('svg') || e.matches('.live-status, .live-segments input');
            return e.checkVisibility() && at.width && !hidden && (at.right > 391 || at.left < -1);
        }).map(e => e.className + ' ' + e.textContent.slice(0, 40))"""
        assert page.evaluate(outside) == []
        handle = page.locator(".live-handle:visible").first
        if handle.count():
            before = live(page, "JSON.stringify(live.settings)")
            drag(page, handle)
            assert live(page, "JSON.stringify(live.settings)") != before
        if live(page, "!!live.player"):
            assert live(page, "live.phase") == 1
        assert page.errors == []
    figure.close()


def drag(page, handle):
    """By a finger: Chromium's own touch events."""
    handle.scroll_into_view_if_needed()
    box = handle.locator(".live-knob").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for kind, dx in [("touchStart", 0), ("touchMove", 6), ("touchMove", -45), ("touchEnd", None)]:
        points = [] if dx is None else [{"x": x + dx, "y": y + dx}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    settle(page)
