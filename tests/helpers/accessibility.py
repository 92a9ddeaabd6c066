"""Checks of one page in a browser: axe-core's WCAG rules, reflow at 400 % zoom, what the keyboard reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from axe_playwright_python.sync_playwright import Axe

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
DEPEND_ON_COLOUR = ("color-contrast", "link-in-text-block")

# A notebook has thousands of coloured words and formulas of a few kinds, on which axe would spend a minute: the first
# of each kind stays, the others become plain text.
PRUNE = """() => {
    const seen = new Set();
    for (const e of document.querySelectorAll('pre span, mjx-container')) {
        const around = e.closest('.cell_input, .cell_output, .highlight')?.className;
        const kind = [e.tagName, e.className, e.getAttribute('display'), around].join();
        if (seen.has(kind)) e.replaceWith(e.textContent);
        seen.add(kind);
    }
    document.body.normalize();
}"""

# What of a page is lost in a narrow window: text cut off, or in a box that only a mouse can scroll.
LOST = """() => {
    const found = [], root = document.documentElement, article = document.querySelector('article');
    const name = e => `${e.tagName.toLowerCase()}.${e.className}: ${e.textContent.trim().slice(0, 60)}`;
    const hides = text => /hidden|clip/.test(text);
    const scrolls = e => /auto|scroll/.test(getComputedStyle(e).overflowX) && !e.contains(article);
    for (let e = article ?? root; e; e = e.parentElement) {
        if (e.scrollWidth > e.clientWidth) found.push(`the page is ${e.scrollWidth} pixels wide in ${name(e)}`);
    }
    for (const e of document.body.querySelectorAll('*')) {
        if (!e.checkVisibility({visibilityProperty: true}) || e.scrollWidth <= e.clientWidth + 1) continue;
        const reached = e.tabIndex >= 0 || e.querySelector('a[href], button, [tabindex="0"]');
        if (scrolls(e) && !reached) found.push(`no key scrolls ${name(e)}`);
    }
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
    while (texts.nextNode()) {
        const e = texts.currentNode.parentElement;
        if (!texts.currentNode.data.trim() || !e.checkVisibility({visibilityProperty: true})) continue;
        if (e.closest('.visually-hidden, .live-status, mjx-assistive-mml, #pst-skip-link, #pst-back-to-top')) continue;
        range.selectNodeContents(texts.currentNode);
        const at = range.getBoundingClientRect();
        let box = e;
        for (; box && !scrolls(box); box = box.parentElement) {
            const style = getComputedStyle(box), edge = box.getBoundingClientRect();
            const cut = hides(style.overflowX) && (at.right > edge.right + 2 || at.left < edge.left - 2)
                || hides(style.overflowY) && (at.bottom > edge.bottom + 2 || at.top < edge.top - 2);
            if (cut) found.push(`cut off: ${name(e)}`);
        }
        if (!box && (at.right > root.clientWidth + 2 || at.left < -2)) found.push(`outside: ${name(e)}`);
    }
    return [...new Set(found)];
}"""

FOCUSED = """() => {
    const e = document.activeElement, style = getComputedStyle(e);
    const circle = e.querySelector('.live-reach'), stroke = circle ? getComputedStyle(circle).stroke : 'none';
    const ring = style.outlineStyle !== 'none' || style.boxShadow !== 'none' || stroke !== 'none';
    const place = e.closest('#main-content, [id^=pst-primary-sidebar], #pst-header')?.id ?? '';
    return {text: e.textContent.trim(), href: e.href ?? '', label: e.ariaLabel ?? '', ring, place};
}"""


def violations(page, rules: Sequence[str] = (), *, pruned: bool = True) -> list[str]:
    """What axe-core finds wrong, by the given rules or all of WCAG 2.1 A and AA. Shortens the page, if pruned."""
    if pruned:
        page.evaluate(PRUNE)
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": WCAG}
    options = {"runOnly": only, "resultTypes": ["violations"], "preload": False}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['html'][:200]}" for rule in found for node in rule["nodes"]]


def lost_at_400_percent(page) -> list[str]:
    """WCAG 1.4.10: a window of 1280 x 1024 at 400 % zoom has 320 x 256 CSS pixels."""
    page.set_viewport_size({"width": 320, "height": 256})
    for _ in range(20):  # a moment after, the theme gives boxes that now scroll a tab stop
        page.wait_for_timeout(250)
        if not (found := page.evaluate(LOST)):
            break
    page.set_viewport_size({"width": 1280, "height": 1024})
    return found


def tabbed(page, most: int) -> Iterator[dict]:
    """Press Tab again and again; what has the focus after each."""
    for _ in range(most):
        page.keyboard.press("Tab")
        yield page.evaluate(FOCUSED)
