"""What an update remembers between its calls: refused if it matters; rounding that does not repeat is noted."""

from __future__ import annotations

import pytest
from test_purity import ENGINES, GENERATOR, SEEN, STEPS, moved, run

from revorder.engines.purity import equal


def counting():
    calls = 0

    def update(x, b):
        nonlocal calls
        calls += 1
        return x - 0.3 / calls * (x - b)

    return update


class Remembers:
    """An update with memory: in an attribute, in a list, or begun by the first batch that comes."""

    def __init__(self, where):
        self.where, self.calls, self.seen, self.mean = where, 0, [], None

    def __call__(self, x, b):
        if self.where == "attribute":
            self.calls += 1
            return x - 0.3 / self.calls * (x - b)
        if self.where == "list":
            self.seen.append(b)
            return x - 0.3 * (x - sum(self.seen) / len(self.seen))
        if self.where == "alternating":
            self.calls = 1 - self.calls
            return x - 0.3 * (x - self.calls * b)
        self.mean = b if self.mean is None else self.mean
        return x - 0.3 * (x - b - self.mean)


def remembering_globally(x, b):
    SEEN.append(1)
    return x - 0.3 / len(SEEN) * (x - b)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("make", [
    counting, lambda: remembering_globally, *(lambda where=where: Remembers(where) for where in
                                              ("attribute", "list", "alternating", "first batch")),
], ids=["closure", "global", "attribute", "list", "alternating", "first batch"])  # fmt: skip
def test_hidden_memory_is_refused(make, engine):
    SEEN.clear()
    with pytest.raises(ValueError, match="^update: it is not a function of state, batch and key: .* keep all memory"):
        run(make(), engine=engine)


def test_memory_that_changes_nothing_is_allowed():
    """A cache, or a count of calls."""
    known = {}

    def update(x, b):
        key = float(b)
        known[key] = known.get(key, b**2)
        return x - 0.3 * (x - known[key])

    assert equal(run(update).states, run(lambda x, b: x - 0.3 * (x - b**2)).states)
    assert len(known) == STEPS


@pytest.mark.parametrize("engine", ENGINES)
def test_steps_that_repeat_up_to_rounding_are_noted(engine):
    def update(x, b):
        return moved(x, b) + 1e-12 * GENERATOR.normal()

    made = run(update, engine=engine)
    assert "nondeterministic kernels: steps repeat up to rounding" in made.engine
    assert "nondeterministic" not in run(moved, engine=engine).engine
    with pytest.raises(ValueError, match="^update: it is not a function"):
        run(lambda x, b: moved(x, b) + 1e-3 * GENERATOR.normal(), engine=engine)
