"""What is tested at night only: `REVORDER_NIGHTLY` is set then."""

from __future__ import annotations

import os

import pytest

at_night = pytest.mark.skipif(
    not os.environ.get("REVORDER_NIGHTLY"), reason="a nightly test: REVORDER_NIGHTLY is not set"
)


def nightly(*values):
    """Values of a parameter, or tuples for several parameters, that are left to the night."""
    return [pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=at_night) for value in values]


def one_in(count, values):
    """A long sweep: one in so many of its values, the first among them, is tried always, and all of them at night."""
    return [part for i, value in enumerate(values) for part in ([value] if i % count == 0 else nightly(value))]
