"""Random numbers that another thread of the process draws are nobody's fault."""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from family import distance
from test_drawing import DRAWS, ENGINES, F64, network, noisy, numbered, pairs, run

from revorder.engines import drawing


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch):
    """What one test finds of other threads is not for the next."""
    monkeypatch.setattr(drawing, "_others", set())


@contextmanager
def meanwhile(work):
    """A block during which another thread does something, again and again."""
    stop, done = threading.Event(), []

    def loop():
        while not stop.is_set():
            work()
            done.append(1)

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield done
    finally:
        stop.set()
        thread.join(10)


def draw_everywhere():
    random.random(), np.random.rand(), torch.rand(1)


def slow(x, b):
    """So that another thread has its turn in every step."""
    time.sleep(0.001)
    return x - 0.3 * (x - b[0]) ** 3


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("make", [
    lambda: (lambda x, b: x - 0.3 * (x - b[0]) ** 3, torch.ones((), dtype=F64), numbered()),
    lambda: (*network(), pairs()),
    lambda: (slow, torch.ones((), dtype=F64), numbered()),
], ids=["function", "module", "slow function"])  # fmt: skip
def test_other_threads_may_draw(make, engine):
    update, start, batches = make()
    want = run(update, start, batches, engine)
    others = [make() for _ in range(3)]  # their models draw their weights before another thread draws, too
    with meanwhile(draw_everywhere) as done:
        made = [run(*other, engine) for other in others]
        moved = bool(done)
    assert moved
    assert all(distance(each.states, want.states) <= 1e-12 for each in made)  # made anew, so without kernels


def test_what_draws_is_refused_also_while_other_threads_draw():
    with meanwhile(lambda: random.random()), pytest.raises(ValueError, match="^update: "):
        run(noisy(DRAWS["torch"], lambda i: i == 7))
