"""Pictures in the dark theme: no white slab stands on the page, and lines are still seen."""

from __future__ import annotations

import io

import numpy as np
import pytest
from live_pages import browser
from PIL import Image
from seen import contrast

PAGES = ["index.html", "08_neural_networks.html", "results/mlp-fashion-mnist/report/report.html"]


@pytest.fixture(scope="module")
def page():
    from conftest import browser_path

    with browser(browser_path()) as running:
        yield running.new_page(viewport={"width": 1280, "height": 1024})


def colours(page, address, theme):
    """The colours of the last static picture of a page, (pixels, 3) in [0, 1], and of the page beside it."""
    page.emulate_media(color_scheme=theme)
    page.goto(address)
    picture = page.locator("article img:visible").last
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    around = {"x": box["x"] - 20, "y": box["y"], "width": box["width"] + 20, "height": box["height"]}
    shot = Image.open(io.BytesIO(page.screenshot(clip=around))).convert("RGB")
    seen = np.asarray(shot, dtype=float) / 255
    return seen[:, 20:].reshape(-1, 3), seen[0, 2]


@pytest.mark.parametrize("name", PAGES)
def test_a_picture_lies_on_the_page_as_it_is(page, address, name):
    for theme in ("dark", "light"):
        pixels, paper = colours(page, address + name, theme)
        background = np.median(pixels, axis=0)
        assert (paper.mean() < 0.2) == (theme == "dark")
        assert np.abs(background - paper).max() < 0.06, (theme, background, paper)
        differ = pixels[np.abs(pixels - background).max(axis=1) > 0.2]
        assert len(differ) > 0.005 * len(pixels)  # lines and letters
        assert max(contrast(pixel, paper) for pixel in differ[:: len(differ) // 200 + 1]) > 4.5


def test_a_slab_is_noticed(page, address):
    """Without the style sheet's filter a picture stays white."""
    address = f"{address}{PAGES[2]}"
    style = "<style>article img { filter: none !important; mix-blend-mode: normal !important }</style>"
    page.add_init_script(f"addEventListener('load', () => document.body.insertAdjacentHTML('beforeend', '{style}'))")
    pixels, paper = colours(page, address, "dark")
    assert np.abs(np.median(pixels, axis=0) - paper).max() > 0.5
