"""A function that looks at states, and raises once."""

from __future__ import annotations


class Failing:
    """A metric that raises at one call, and else returns what `value` makes of the state."""

    def __init__(self, error, call, value=float):
        self.error, self.call, self.value, self.calls = error, call, value, 0

    def __call__(self, state):
        self.calls += 1
        if self.calls == self.call:
            raise self.error
        return self.value(state)
