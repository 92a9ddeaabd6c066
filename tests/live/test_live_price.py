"""The live prices: formulas in JavaScript against the costs of plans."""

from __future__ import annotations

import pytest
from live_truth import computed, gap, javascript, worst_gap

import revorder as ro


def draw(rng):
    steps = int(rng.integers(1, 90))
    return ro.live.Price(steps=steps, stride=int(rng.integers(1, steps + 1)), size=int(rng.integers(1, 51)))


def test_formulas_are_the_costs_of_plans():
    assert worst_gap(draw) == 0


def test_another_window_would_be_noticed():
    figure = ro.live.Price(steps=60, stride=2, size=5)
    found = computed(figure, size=6)
    assert gap(found, figure.states()) > 0.05


@pytest.mark.parametrize("stride, looks", [(1, 1000), (7, 142), (200, 5), (1000, 1)])
def test_backward_costs_half_of_one_more_than_the_looks_times_forward(stride, looks):
    (found,) = javascript("price_states", "priceStates", [[{"steps": 1000, "stride": stride, "size": 10}]])
    assert found["looks"] == looks
    assert found["now"]["backward"] * 2 == (looks + 1) * found["now"]["forward"]


def test_the_truths():
    (found,) = javascript("price_states", "priceStates", [[{"steps": 100, "stride": 1, "size": 10}]])
    known = {"naive": 5050, "forward": 100, "backward": 5050, "cyclic": 955, "window": 90 + 90 * 10 + 55 - 1}
    assert {name: found["now"][name] for name in known} == known
