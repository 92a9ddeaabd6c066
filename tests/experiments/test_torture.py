"""Experiments under torture, in short: `python tests/torture` does the same for an hour, at random."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from random import Random

import pytest
from torture import short
from torture.acts import ACTS
from torture.session import SMALL, Session, carried_out
from torture.starting import Fate, Lost, listen

pytestmark = pytest.mark.usefixtures("posix")
LANES = [short.FIRST, short.SECOND]


def survived(session, rounds):
    for config, executor, acts in rounds:
        round = session.round(config, executor, 0.05, Random(0))
        try:
            carried_out(round, acts)
        except Lost as lost:
            raise Lost("\n".join([str(lost), *round.story])) from lost


def test_whatever_happens_the_results_are_the_same():
    assert {act for lane in LANES for _, _, acts in lane for act in acts} == set(ACTS)
    with Session() as session, ThreadPoolExecutor(len(LANES)) as executor:
        for config in (short.QUICK, short.PARTS):
            session.truth(config)
        for lane in [executor.submit(survived, session, lane) for lane in LANES]:
            lane.result()


def test_a_lock_that_holds_nobody_is_noticed():
    with Session("lock") as session, pytest.raises(Lost):
        carried_out(session.round(SMALL.replace(seeds=2, steps=120), "none", 0.05, Random(0)), ["two_at_once"])


def test_processes_with_the_number_of_an_ended_one_live():
    born = Queue[tuple[int, Fate]]()
    listen(["began 7", "began 8", "ended 7 -9", "began 7", "ended 8 0"], born)
    assert [(pid, fate.code) for pid, fate in (born.get() for _ in range(3))] == [(7, -9), (8, 0), (7, None)]
