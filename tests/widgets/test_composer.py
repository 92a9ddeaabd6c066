"""The Composer widget, driven by setting its controls; no browser needed."""

import re

import pytest

import revorder as ro
from revorder.widgets.composer import OWN, Composer


def numbers(composer):
    """cost, naive cost, saving factor, launches and peak states, as the summary shows them."""
    line = re.sub(r"<[^>]+>", "", composer.summary.value.split("<br>")[0])
    return tuple(float(number) for number in re.findall(r"[\d.]+", line))


def prices(plan):
    saving = float(f"{plan.naive_cost / plan.cost:.3g}")
    return plan.cost, plan.naive_cost, saving, plan.launches, plan.peak_states


def own(text, steps):
    composer = Composer(steps=steps)
    composer.words.value = text
    composer.order.value = OWN
    return composer


def test_default_is_the_static_figure():
    composer, plan = Composer(), ro.plan("backward", range(1, 6))
    assert composer.figure.value == composer.picture.html == ro.plots.plan_figure(plan).html
    assert numbers(composer) == prices(plan)
    assert composer.error.value == ""


@pytest.mark.parametrize("spec", ["forward", "backward", "backward-window:3", "backward-tail:4", "backward-blocks:3",
                                  "two-sided", "shuffled:7"])  # fmt: skip
@pytest.mark.parametrize("steps, stride", [(6, 1), (9, 2)])
def test_summary_equals_the_plan(spec, steps, stride):
    composer = Composer()
    name, _, number = spec.partition(":")
    composer.order.value, composer.steps.value, composer.stride.value = name, steps, stride
    if number:
        assert composer.number.layout.visibility == "visible"
        composer.number.value = int(number)
    plan = ro.plan(spec, range(stride, steps + 1, stride))
    assert numbers(composer) == prices(plan)
    assert composer.picture.alt == ro.plots.plan_figure(plan).alt
    assert f"<code>{' '.join(map(str, plan.words[-1]))}</code>" in composer.summary.value


def test_cyclic_labels():
    composer = Composer(steps=9)
    composer.cyclic.value = True
    composer.period.value = 4
    labels = [i % 4 for i in range(9)]
    assert numbers(composer) == prices(ro.plan("backward", range(1, 10), labels=labels))


@pytest.mark.parametrize(
    "text, said",
    [
        ("0\n1 x", "line 2: got &#x27;1 x&#x27;"),
        ("0\n1 7", "asks for batch 7, but batch numbers must be 0 to 2"),
        ("0\n-1 0\n0", "batch -1"),
        ("0\n1 0", "step 3 has no word"),
        ("0\n\n1", "at least one batch"),
        ("", "step 1 has no word"),
        ("<b>", "&lt;b&gt;"),
        ("0\n1 99999999999999999999\n0", "must be integers"),
        ("0\n1\n" + "0 1 2 " * 30, "at most 60"),
    ],
)
def test_bad_words_are_explained_and_a_good_one_clears_it(text, said):
    composer = own("0\n1 0\n2 1 0", steps=3)
    before = composer.figure.value, composer.summary.value
    composer.words.value = text
    assert said in composer.error.value and 'role="alert"' in composer.error.value
    assert (composer.figure.value, composer.summary.value) == before
    composer.words.value = "0\n0, 1\n0 1 2"
    assert composer.error.value == ""
    assert numbers(composer)[:2] == (3, 6)


@pytest.mark.parametrize("order, number", [("backward-window", 0), ("backward-blocks", -1), ("shuffled", -5)])
def test_bad_numbers_are_explained(order, number):
    composer = Composer(order)
    composer.number.value = number
    assert f"got {number}" in composer.error.value and composer.number.description in composer.error.value
    composer.number.value = 2
    assert composer.error.value == ""


def test_stride_beyond_the_last_step():
    composer = Composer(steps=3)
    composer.stride.value = 4
    assert "stride: got 4" in composer.error.value and "backward with 3 steps" in composer.error.value
    composer.steps.value = 4
    assert composer.error.value == "" and composer.plan.steps == (4,)


def test_a_widget_that_starts_with_an_error_does_not_raise():
    composer = Composer(OWN, steps=10)
    assert "step 6 has no word" in composer.error.value and composer.plan is None
    composer.steps.value = 5
    assert composer.error.value == "" and composer.plan.cost == 15


@pytest.mark.parametrize("order, shown", [("forward", set()), ("backward-tail", {"number"}), (OWN, {"words"})])
def test_only_controls_in_use_are_visible(order, shown):
    composer = Composer(order)
    visible = {name for name in ("number", "period", "words") if getattr(composer, name).layout.visibility == "visible"}
    assert visible == shown
    composer.cyclic.value = True
    assert composer.period.layout.visibility == "visible"
