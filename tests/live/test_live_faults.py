"""Live figures where a learner does something odd: what they say is true, and what cannot be shown is refused."""

from __future__ import annotations

import math

import pytest
import traitlets
from conftest import browser_path
from live_pages import browser, opened
from live_truth import javascript

import revorder as ro
from revorder.live.base import OF_WIDGETS, LiveFigure
from revorder.live.traits import Real

LIVE = "document.querySelector('.live-on').live"
KEPT = """async figures => {
    window.lives = {};
    for (const [name, file, state] of figures) {
        const el = document.createElement('div'), idle = () => {};
        const model = {get: trait => state[trait], set: idle, on: idle, off: idle, save_changes: idle};
        (await import(`./js/${file}.js`)).default.render({model, el});
        lives[name] = el.firstChild.live;
    }
}"""
REACHED = """([name, settings, goal]) => {
    const live = lives[name];
    live.set(settings);
    return live.goals[goal].test(live);
}"""
SAID = """([name, settings, what]) => {
    const live = lives[name], box = document.createElement('div');
    live.set(settings);
    box.innerHTML = what === 'text' ? live.spec.play.text(live) : live.spec[what](live);
    return box.textContent.replace(/\\s+/g, ' ');
}"""
WATCHED = """() => {
    window.heard = [];
    const {status} = document.querySelector('.live-on').live;
    const hear = () => window.heard.push(status.textContent);
    new MutationObserver(hear).observe(status, {childList: true, characterData: true, subtree: true});
}"""
# figure, settings that a learner can reach, title, read or text, what it says there
SENTENCES = [
    ("Regression", [{"lr": 0.02, "step": 120}, "title"], "Forward jitters, backward is not there yet"),
    ("Regression", [{"lr": 0.2, "step": 120}, "title"], "Forward jitters, backward has settled"),
    ("Regression", [{"lr": 1.0, "step": 120}, "title"], "Forward jitters, backward has settled, outside the picture"),
    ("Regression", [{"lr": 1.8, "step": 120}, "title"], "neither order settles"),
    ("Regression", [{"step": 1}, "text"], "1 batch"),
    ("Cobweb", [{"lr": 0.02, "step": 6}, "title"], "In both orders the gap is 0.89 of its start: the runs from a"),
    ("Bounds", [{"lr": 0.9, "seed": 38, "start": 1.19, "step": 1}, "title"], "failed at 1 of 1 step"),
    ("Drift", [{"jump": 50, "step": 51}, "title"], "The newest of 51 batches weighs 0.1000 forward"),
    ("MidEpoch", [{"data": "flipflop", "size": 14, "lr": 0.5, "step": 80}, "read"], "differ by less than 0.5 %"),
    ("LearningRates", [{"step": 0}, "title"], "Press play"),
    ("Attractor", [{"step": 0}, "title"], "Press play"),
    ("ChaosGame", [{"corners": [[0, 0], [0.5, 0.5], [1, 1]], "step": 3000}, "title"], "Forward draws dots on a line"),
    ("CyclicBatches", [{"targets": [[0.5, 0.5]] * 8, "step": 120}, "title"], "stop at the same point"),
    ("PerfectSampler", [{"stopped": 1, "step": 300}, "title"], "forward after 1 step"),
]
NAMES = [*dict.fromkeys([name for name, *_ in SENTENCES]), "Averaging"]


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    """A very narrow page, with one figure."""
    small = {"width": 280, "height": 900}
    with browser(browser_path()) as chrome:
        folder = tmp_path_factory.mktemp("narrow")
        with opened(chrome, folder, [ro.live.Bounds(start=0.2)], viewport=small) as page:
            yield page


@pytest.fixture(scope="module")
def page(narrow):
    """The same page with the figures of SENTENCES, each known by its name, and none of them painted."""
    figures = {name: getattr(ro.live, name)() for name in NAMES}
    narrow.evaluate(KEPT, [[name, figure.figure, figure.settings] for name, figure in figures.items()])
    return narrow


@pytest.mark.parametrize("name, asked, expected", SENTENCES)
def test_sentences_are_true_and_well_formed(page, name, asked, expected):
    said = page.evaluate(SAID, [name, *asked])
    assert expected in said and not said.endswith(expected + "s")
    assert page.errors == []


def test_backward_has_settled_only_where_it_cannot_be_moved_far():
    """The norm of A_n bounds by how much later batches move B_n, in units of their own way."""
    settings = [ro.live.Regression(lr=lr).settings for lr in (0.02, 0.2)]
    slow, fast = (each["kept"][120] for each in javascript("hero_states", "heroStates", [[one] for one in settings]))
    assert slow > 0.1 and fast < 1e-4


def test_a_rate_at_which_backward_does_not_settle_can_be_found(page):
    assert page.evaluate(REACHED, ["Regression", {"lr": 0.02, "step": 120}, 1]) is True


@pytest.mark.parametrize(
    "name, settings",
    [
        ("MidEpoch", {"data": "flipflop", "size": 10, "lr": 0.1, "step": 50}),
        ("Averaging", {"start": 0.5, "step": 1, "lr": 0.1}),
    ],
)
def test_goals_are_not_reached_by_one_choice_alone(page, name, settings):
    assert page.evaluate(REACHED, [name, settings, 1]) is False


def numbers():
    """Each trait of each figure that takes a number."""
    for name in ro.live.__all__:
        figure = getattr(ro.live, name)
        for trait, kind in figure.class_traits(sync=True).items():
            if isinstance(kind, traitlets.Float) and trait not in OF_WIDGETS:
                yield name, trait, kind


def test_numbers_of_figures_are_finite_ones():
    kinds = {f"{name}.{trait}": kind for name, trait, kind in numbers()}
    assert len(kinds) > 20
    assert [name for name, kind in kinds.items() if not isinstance(kind, Real)] == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name, trait", [(name, trait) for name, trait, kind in numbers() if isinstance(kind, Real)])
def test_what_is_not_finite_is_refused_by_name(name, trait, value):
    with pytest.raises(traitlets.TraitError, match=trait):
        getattr(ro.live, name)(**{trait: value})


@pytest.mark.parametrize(
    "name, wrong",
    [
        ("Regression", {"start": []}),
        ("Regression", {"start": [0.0, math.nan]}),
        ("Regression", {"lr": 7.0}),
        ("Coupled", {"slopes": ["a", "b"]}),
        ("Cobweb", {"seed": -1}),
        ("Tosses", {"seed": 2**32}),
        ("SameLaw", {"shade": "middle"}),
        ("Bowl", {"order": "foo"}),
        ("Bowl", {"order": "shuffled:1"}),
        ("Bowl", {"condition": 0}),
        ("Bounds", {"lr": 1.0}),
        ("ChaosGame", {"corners": []}),
        ("ChaosGame", {"view": "foo"}),
        ("Spreads", {"start": [0.5]}),
        ("CyclicBatches", {"targets": [[0.1, 0.2]]}),
        ("CyclicBatches", {"targets": [[0.1, math.nan]] * 8}),
    ],
)
def test_settings_that_no_page_can_show(name, wrong):
    with pytest.raises(traitlets.TraitError, match=next(iter(wrong))):
        getattr(ro.live, name)(**wrong)


def test_more_steps_than_there_are_tosses():
    figure: LiveFigure = ro.live.DigitsAndLaw(tosses="01", step=15)
    assert len(figure.states()["forward"]) == 3 and figure.picture.alt
    assert ro.live.MidEpoch(size=2, step=50).picture.alt
    assert ro.live.Attractor(step=0).picture.alt


def test_narrow_pages_and_drags_that_end_elsewhere(narrow):
    assert narrow.evaluate("document.documentElement.scrollWidth <= innerWidth")
    knob = narrow.locator("[aria-label='start'] .live-knob").bounding_box()
    x, y = knob["x"] + knob["width"] / 2, knob["y"] + knob["height"] / 2
    for button, start in (("right", 0.2), ("left", 1.5)):
        narrow.mouse.move(x, y)
        narrow.mouse.down(button=button)
        narrow.mouse.move(x, y - 3000, steps=2)
        narrow.mouse.up(button=button)
        assert narrow.evaluate(f"{LIVE}.settings.start") == start
    assert narrow.locator(".live-held").count() == 0


def test_a_goal_is_told_once(narrow):
    narrow.evaluate(WATCHED)
    narrow.evaluate(f"{LIVE}.set({{start: 0.5, step: 30}})")
    narrow.wait_for_function("heard.at(-1)?.startsWith('Goal reached: Find the start')")
    narrow.wait_for_timeout(1600)
    assert narrow.evaluate("heard.filter(text => text.includes('Step 30')).length") == 1
