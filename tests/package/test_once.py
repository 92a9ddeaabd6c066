"""Values that are computed once never make two threads wait for each other."""

from __future__ import annotations

import threading
import time

import revorder as ro
from revorder.once import cached_property


class Crossed:
    """Two attributes that need those of another one; `meet` is passed when two threads are inside of both."""

    meet = threading.Barrier(2, timeout=30)

    def __init__(self, other=None):
        self.other, self.counted = other, 0

    @cached_property
    def one(self):
        if self.other is None:
            return 1
        self.meet.wait()
        return self.other.two + 1

    @cached_property
    def two(self):
        if self.other is None:
            return 2
        self.meet.wait()
        return self.other.one + 1

    @cached_property
    def slow(self):
        self.counted += 1
        time.sleep(0.05)
        return object()


def in_threads(*calls):
    found = {}
    threads = [threading.Thread(target=lambda i=i, call=call: found.update({i: call()}), daemon=True)
               for i, call in enumerate(calls)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return [found[i] for i in range(len(calls))]


def test_attributes_that_need_each_others_in_two_threads():
    first, second = Crossed(Crossed()), Crossed(Crossed())
    assert in_threads(lambda: first.one, lambda: second.two) == [3, 2]


def test_a_value_is_computed_once_and_all_are_given_the_same():
    of = Crossed()
    assert of.slow is of.slow and of.counted == 1
    again = Crossed()
    assert len({id(value) for value in in_threads(*[lambda: again.slow] * 4)}) == 1
    assert isinstance(Crossed.slow, cached_property)


def test_plans_of_several_threads():
    def nested():
        return [ro.plan("backward", range(1, n)).cost for n in range(2, 40)]

    def general():
        return [ro.plan("backward-window:7", range(1, n)).launches for n in range(9, 40)]

    alone = [nested(), general()]
    for _ in range(5):
        assert in_threads(nested, general, nested, general) == alone * 2
