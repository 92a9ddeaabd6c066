"""How many states advance in one call, with an injected stopwatch: what is timed, and what is chosen."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from family import distance, long
from large_states import NUMBERS, by_row, carried_out, case, injected

import revorder as ro
from revorder.engines import auto, memory, widths
from revorder.engines.kernels import Kernels
from revorder.engines.maps import Maps
from revorder.engines.replay import Replay
from revorder.engines.wavefront import Wavefront
from revorder.engines.widths import Blocks, best, blocks_of, candidates


@pytest.fixture
def stopwatch(monkeypatch):
    return injected(monkeypatch)


@pytest.mark.parametrize("took, lanes", [
    ({1: 1.0, 2: 2.0, 4: 4.0, 9: 9.0}, 1),
    ({1: 1.0, 2: 1.92, 4: 3.84, 9: 8.6}, 1),  # less than a twentieth is no gain
    ({1: 1.0, 2: 1.1, 4: 1.3, 9: 1.8}, 9),
    ({1: 1.0, 2: 1.1, 4: 2.2, 9: 4.0}, 9),  # as good is not better, but goes on
    ({1: 1.0, 2: 1.1, 4: 2.2, 9: 4.95}, 2),
    ({1: 1.0, 2: 1.1, 4: 3.0}, 2),  # wider ones are not looked at
    ({1: 1.0, 2: None}, 1),
    ({1: 1.0, 2: 1.0, 4: None}, 2),
])  # fmt: skip
def test_the_width_at_which_a_state_takes_least(took, lanes):
    assert best(took.__getitem__, [1, 2, 4, 9], 64).lanes == lanes


def test_what_a_state_more_adds_is_a_share_of_one_alone():
    found = best({1: 2.0, 2: 2.5, 4: 3.5, 9: 6.0}.__getitem__, [1, 2, 4, 9], 64)
    assert found == Blocks(9, 0.25, 2.0) and not found.one_by_one
    assert best(lambda width: 2.0 * width, [1, 2], 64) == Blocks(1, 1.0, 2.0)
    assert best(lambda width: 1.0 + width % 2, [1, 2], 64).lane == 0.0  # noise: never less than nothing


def test_what_cannot_be_timed_is_left_to_the_run():
    assert best(lambda width: None, [1, 2], 64) == Blocks(64) and not Blocks(1).one_by_one


def test_calls():
    assert Blocks(4).calls(np.array([1, 4, 5, 9])) == 1 + 1 + 2 + 3


def test_halves_of_the_widest_are_looked_at():
    assert candidates(*case()) == [1, 2, 4, 9]  # 1830 evaluations
    assert candidates(*case(steps=100)) == [1, 3, 6, 12, 25]  # 5050
    assert candidates(*case(steps=30)) == [1, 2]  # 465
    assert candidates(*case(steps=27)) == []  # 378: over before timing pays
    assert candidates(*case("forward")) == []  # one state at a time anyway


def test_only_large_states_are_looked_at():
    assert candidates(*case(numbers=NUMBERS // 4 + 1)) and not candidates(*case(numbers=NUMBERS // 4))
    maps, start, plan = case()
    assert not candidates(maps, start.to("meta"), plan)
    maps.replay_only = True
    assert not candidates(maps, start, plan)
    perceptron, plan = long("MLP", 100), ro.plan("backward", range(1, 101))
    one = Maps(perceptron.update, perceptron.batches, plan, None)
    assert not candidates(one, [torch.zeros(NUMBERS, dtype=torch.float64)], plan)  # has a step of its own


@pytest.mark.parametrize("states, expected", [(40, [1, 2, 5, 10]), (8, [1, 2]), (7, []), (1, [])])
def test_they_must_fit_beside_the_stack(monkeypatch, states, expected):
    monkeypatch.setattr(memory, "free_bytes", lambda device: 2 * 8 * NUMBERS * states)
    assert candidates(*case(steps=100)) == expected


def test_blocks_are_found_once(stopwatch):
    seen, run = stopwatch(lambda width: 1.0 + width / 10), case()
    assert blocks_of(*run) == blocks_of(*run) == run[0].blocks == Blocks(9, pytest.approx(0.1 / 1.1), 1.1)
    assert seen == [1, 2, 4, 9]
    assert blocks_of(*case(steps=10)) == Blocks(64)


def test_timed_is_the_step_beside_a_stack(monkeypatch):
    maps, start, plan = case()
    monkeypatch.setattr(widths, "seconds_of", lambda call, stack: ([leaf.shape for leaf in stack], call()))
    speed = widths.timer(maps, start, plan)
    shapes, after = speed(1)
    assert shapes == [(plan.peak_states, NUMBERS)] and torch.equal(after, maps(plan.words[0][0], start))
    shapes, after = speed(3)
    assert shapes == [(plan.peak_states, NUMBERS)] and after.shape == (3, NUMBERS)
    maps.stacked = lambda *rest: torch.empty(2**60)
    assert speed(3) is None  # too little memory


def test_the_same_bits_but_for_rounding_at_every_width():
    expected = by_row(carried_out(Replay(), case("two-sided"))[0])
    for lanes in (1, 3, 9, 64):
        run = case("two-sided")
        run[0].blocks = Blocks(lanes, 0.5)
        assert distance(by_row(carried_out(Wavefront(), run)[0]), expected) <= 1e-12


def test_a_width_is_traced_if_states_more_would_cost_more():
    """Of wide steps, lanes that compute nothing needed cost as much as others."""
    kept = {}
    for lane in (None, 1.0):
        run = case(steps=400)
        run[0].blocks = Blocks(64, lane)
        kept[lane] = set(Kernels.of_run(run[0], False, *run[1:]).widths)
    assert kept[None] < kept[1.0]


def test_auto_prices_one_by_one_as_replay(stopwatch):
    stopwatch(lambda width: 0.5 * width)
    assert auto._Probe(*case()).wavefront() == 1830 * 0.5
