"""Draws of cases for hypothesis: short plans of anything, plans that are long enough for kernels, linear models."""

from __future__ import annotations

from awkward import ALL_PARTS, Case, build
from awkward_forms import FORMS
from awkward_hooks import CHANGES
from awkward_inputs import INPUTS
from awkward_losses import LATE, LOSSES
from awkward_methods import METHODS
from awkward_verdicts import surroundings
from hypothesis import strategies as st

import revorder as ro

ORDERS = ["backward", "forward", "two-sided", "backward-window:3", ro.BackwardBlocks(2), ro.Shuffled(3)]
DESCENTS = [name for name, method in METHODS.items() if method.descent]


def of(registry):
    return st.sampled_from(list(registry))


def some(registry, most):
    return st.lists(of(registry), max_size=most, unique=True).map(tuple)


def buildable(case):
    """Not everything can be done to every model, such as scripting what is not written for it."""
    try:
        with surroundings():
            build(case)
    except Exception:
        return False
    return True


seeds = st.integers(0, 999)
rows = st.sampled_from(["alike", "last smaller", "different"])
anything = {"inputs": of(INPUTS), "parts": some(ALL_PARTS, 3), "loss": of(LOSSES), "form": of(FORMS)}
short = st.builds(
    Case,
    **anything,
    changes=some(CHANGES, 2),
    method=of(METHODS),
    rows=rows,
    order=st.sampled_from(ORDERS),
    steps=st.integers(3, 7),
    asked=st.just(7),
    engine=st.sampled_from(["auto", "auto", "replay", "wavefront"]),
    seed=seeds,
)
long = st.builds(
    Case,
    **anything,
    changes=some(CHANGES, 1),
    method=of(DESCENTS),
    rows=rows,
    order=st.sampled_from(["backward", "two-sided"]),
    steps=st.integers(150, 180),
    asked=st.just(5),
    engine=st.sampled_from(["auto", "wavefront"]),
    seed=seeds,
)
linear = st.builds(
    Case,
    inputs=st.just("linear"),
    parts=st.just(()),
    loss=of(LATE),
    method=of(DESCENTS),
    order=st.sampled_from(["backward", "backward", "forward", "backward-window:3"]),
    steps=st.integers(100, 130),
    asked=st.just(130),
    seed=seeds,
)
cases = st.one_of(short, short, short, long, linear).filter(buildable)
