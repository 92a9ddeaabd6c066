"""Where one state a call is best, the wavefront works in replay's order: few states, each checkpoint as it comes."""

from __future__ import annotations

import json

import pytest
import torch
from family import distance
from large_states import DEPTH_FIRST, STEPS, by_row, carried_out, case, injected

from revorder.engines.places import Place
from revorder.engines.replay import Replay
from revorder.engines.wavefront import Wavefront


@pytest.fixture
def stopwatch(monkeypatch):
    return injected(monkeypatch)


def test_where_one_is_best_replays_order_is_taken(stopwatch):
    stopwatch(lambda width: 1.0 * width)
    walked, notes = carried_out(Wavefront(), case())
    assert [rows for rows, _ in walked] == [[row] for row in range(STEPS)[::-1]] and notes == [DEPTH_FIRST]
    stopwatch(lambda width: 1.0 + width / 10)
    swept, notes = carried_out(Wavefront(), case())
    assert len(swept) == 1 and DEPTH_FIRST not in notes
    assert distance(by_row(walked), by_row(swept)) <= 1e-12
    assert torch.equal(by_row(walked), by_row(carried_out(Replay(), case())[0]))


def test_who_asks_for_something_else_gets_it(stopwatch):
    """A bound on the stack, merging, or compiled steps, which the walk has not."""
    for engine in (Wavefront(max_states=3), Wavefront(merge_tol=1e-300), Wavefront(compile=True)):
        stopwatch(lambda width: 1.0 * width)
        run = case()
        run[0].plain = True  # no compiler is needed
        handed, notes = carried_out(engine, run)
        assert DEPTH_FIRST not in notes and len(handed) < STEPS


class Keeper:
    """Keeps the place after some calls, and goes on from a given one."""

    def __init__(self, place=None, stop=10**9):
        self.place, self.stop, self.told, self.kept, self.most = place, stop, 0, None, 0

    def reached(self, place):
        self.told += 1
        if self.told == self.stop:
            self.kept = place()
            raise KeyboardInterrupt
        if self.told % 97 == 0:
            self.most = max(self.most, len(place().states))


def stopped_and_resumed(first, second, stopwatch):
    """What was handed out before and after, though another width is best after the stop."""
    stopwatch(first)
    stopped, handed = Keeper(stop=25), []
    maps, start, plan = case()
    with pytest.raises(KeyboardInterrupt):
        handed += ((rows.tolist(), states.clone()) for rows, states in
                   Wavefront().states(maps, start, plan, lambda n: None, stopped))  # fmt: skip
    place = Place(json.loads(json.dumps(stopped.kept.position)), stopped.kept.states)
    stopwatch(second)
    return handed, carried_out(Wavefront(), case(), Keeper(place))[0], stopped.kept.position


def test_a_run_goes_on_as_it_began(stopwatch):
    expected = by_row(carried_out(Replay(), case())[0])
    wide, narrow = (lambda width: 1.0 + width / 10), (lambda width: 1.0 * width)
    before, after, position = stopped_and_resumed(narrow, wide, stopwatch)
    assert "waiting" in position and torch.equal(by_row(before + after), expected)
    before, after, position = stopped_and_resumed(wide, narrow, stopwatch)
    assert position["ticks"] == 25 and distance(by_row(before + after), expected) <= 1e-12


def test_a_walk_holds_few_states(stopwatch):
    stopwatch(lambda width: 1.0 * width)
    keeper = Keeper()
    carried_out(Wavefront(), case(), keeper)
    assert keeper.told == 1830 and keeper.most <= 2
