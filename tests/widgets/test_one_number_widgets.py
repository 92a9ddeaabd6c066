"""The widgets of notebook 03, driven by setting their controls; no browser needed."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

import revorder as ro
from revorder.plots.laws import digits_figure, law_kind, rate_name
from revorder.widgets.one_number import RATES, BitString, StationaryLaw


def exact(bits):
    """The state after halving towards the bits in this order, first applied first."""
    state = Fraction(0)
    for bit in bits:
        state = (state + int(bit)) / 2
    return state


def rows(widget):
    """The rows of numbers in the digits table: batches and digits, backward and then forward."""
    found = re.findall(r"<tr.*?</tr>", widget.digits.value)[1:]
    return [[int(number) for number in re.findall(r"text-align:center'>(\d+)</td>", row)] for row in found]


@pytest.mark.parametrize("n", [1, 2, 5, 9, 10])
def test_states_digits_and_picture_at_every_step(n):
    bits = "1011001011"
    widget = BitString(bits, 4)
    widget.step.value = n
    backward, forward = exact(bits[:n][::-1]), exact(bits[:n])
    assert widget.values == {"forward": float(forward), "backward": float(backward)}
    digits = [int(bit) for bit in bits[:n]]
    assert rows(widget) == [list(range(n)), digits, list(range(n))[::-1], digits[::-1]]
    assert f"B<sub>{n}</sub> = {backward * 2**n}/{2**n} = {float(backward):.10g}" in widget.digits.value
    assert f"F<sub>{n}</sub> = {forward * 2**n}/{2**n} = {float(forward):.10g}" in widget.digits.value
    assert widget.digits.value.count("border:2px solid") == 4  # the newest batch and its digit, in both orders
    assert f"Forward is at {float(forward):.4g}, backward at {float(backward):.4g}" in widget.picture.alt
    assert widget.figure.value == widget.picture.html == digits_figure(digits + [1], n).html


def test_53_tosses_are_exact_and_their_decimals_are_marked_as_rounded():
    bits = "01" * 26 + "1"
    widget = BitString()
    widget.bits.value = bits
    widget.step.value = 53
    assert widget.values["forward"] == exact(bits) and widget.values["backward"] == exact(bits[::-1])
    assert f"B<sub>53</sub> = {int(bits, 2)}/{2**53} ≈ " in widget.digits.value
    assert "2⁻⁵³" in widget.picture.alt


@pytest.mark.parametrize(
    "typed, said",
    [
        ("10a1", "there is &#x27;a&#x27;"),
        ("1021", "there is &#x27;2&#x27;"),
        ("1 0", "there is &#x27; &#x27;"),
        ("٠١", "A toss is 0 or 1"),
        ("<b>", "&lt;"),
        ("", "there are 0"),
        ("   ", "there are 0"),
        ("1" * 54, "Give 1 to 53 tosses"),
    ],
)
def test_what_is_no_toss_is_explained_and_a_good_text_clears_it(typed, said):
    widget = BitString("1011", 3)
    before = widget.figure.value, widget.digits.value, widget.values
    widget.bits.value = typed
    assert 'role="alert"' in widget.error.value and said in widget.error.value and "still 1011" in widget.error.value
    assert (widget.figure.value, widget.digits.value, widget.values) == before
    widget.step.value = 4  # the last valid tosses still answer
    assert 'role="alert"' in widget.error.value and widget.values["backward"] == exact("1101")
    widget.bits.value = " 0011 "
    assert widget.error.value == "" and widget.values["backward"] == exact("1100")


def test_fewer_tosses_lower_the_step_and_more_leave_it():
    widget = BitString("10110010", 8)
    widget.bits.value = "011"
    assert (widget.step.max, widget.step.value) == (3, 3)
    assert widget.values == {"forward": exact("011"), "backward": exact("110")}
    widget.bits.value = "1110000"
    assert (widget.step.max, widget.step.value) == (7, 3)
    assert widget.values["backward"] == exact("111")


def simulated(law, name, steps=100):
    """The end points, step by step from the same tosses."""
    generator = np.random.default_rng([law.draw.value, ["forward", "backward"].index(name)])
    tosses = generator.integers(2, size=(law.seeds.value, steps))
    states = np.zeros(len(tosses))
    for column in tosses.T if name == "forward" else tosses.T[::-1]:
        states = states - law.lr.value * (states - column)
    return states


@pytest.mark.parametrize("lr", RATES)
def test_samples_are_the_end_points_and_numbers_are_those_of_scipy(lr):
    widget = StationaryLaw(lr, seeds=400)
    widget.draw.value = 3
    ends = {name: simulated(widget, name) for name in ("forward", "backward")}
    for name, values in ends.items():
        np.testing.assert_allclose(widget.samples[name], values, rtol=0, atol=1e-12)
        test = stats.kstest(widget.samples[name], lambda x: ro.theory.bernoulli_convolution_cdf(x, lr))
        assert (widget.laws[name].ks, widget.laws[name].p_value) == pytest.approx((test.statistic, test.pvalue))
        assert f"<td>{test.statistic:.3f}</td>" in widget.summary.value
        assert f"{name} {test.statistic:.3f}" in widget.picture.alt
        assert widget.laws[name].p_value > 0.001
        assert np.var(values) == pytest.approx(lr / (2 - lr) / 4, rel=4 * (2 / 400) ** 0.5)
    both = stats.ks_2samp(*widget.samples.values())
    assert (widget.laws["both"].ks, widget.laws["both"].p_value) == pytest.approx((both.statistic, both.pvalue))
    assert f"padding-left:2em'>{both.pvalue:.3f}</td>" in widget.summary.value
    assert abs(np.corrcoef(*ends.values())[0, 1]) < 4 / 400**0.5  # tosses of their own
    assert f"h = {rate_name(lr)}, {law_kind(lr)}" in widget.picture.alt and law_kind(lr) in widget.summary.value
    assert widget.figure.value == widget.picture.html
