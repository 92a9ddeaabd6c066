"""What is bound to a function, besides its text, has a digest: two processes can tell whether they have the same."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from same_text import MADE, mean_power

from revorder.experiments.sources import source_of

POWER = 1  # a global that a metric reads
EACH = [(kind, place) for kind, made in MADE.items() for place in range(len(made))]


@pytest.mark.parametrize(("kind", "place"), EACH)
def test_what_is_bound_has_a_digest(kind, place):
    make = MADE[kind][place]
    assert source_of(make(0.5)) == source_of(make(0.5)) != source_of(make(0.6))
    assert source_of(make(0.5)).sha256 == source_of(make(0.6)).sha256


def to_a_power(outputs, targets):
    return (outputs.abs() ** POWER).mean()


class Counted:
    least = 1

    def word(self, n):
        return tuple(range(max(n, self.least)))


def test_globals_and_attributes_of_classes_are_bound_too(monkeypatch):
    before = source_of(to_a_power), source_of(Counted)
    monkeypatch.setitem(globals(), "POWER", 2)
    monkeypatch.setattr(Counted, "least", 2)
    assert [source_of(to_a_power), source_of(Counted)] != list(before)
    assert source_of(to_a_power) != before[0] and source_of(Counted) != before[1]


def test_what_differs_between_processes_by_itself_is_not_bound():
    """Addresses, locks, generators: else nobody could ever go on."""
    for make in (
        lambda: mean_power(threading.Lock()),
        lambda: mean_power(object()),
        lambda: mean_power(print),
        lambda: mean_power(np.random.default_rng()),
        lambda: mean_power({"b", "a"}),
        lambda: mean_power([threading]),
    ):
        assert source_of(make()) == source_of(make())  # fmt: skip
    loop = [1]
    loop.append(loop)
    assert source_of(mean_power(loop)) == source_of(mean_power(loop)) != source_of(mean_power([1, [1]]))
