"""Random orders × random updates × random pytrees: every engine composes as the definition says, and prices add up."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import family
import torch
from family import Case, beginnings, distance, literally, same_bits, spelled
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils import _pytree as pytree

import revorder as ro
from revorder.pytrees import row as row_of

LONGEST = 7


@dataclass(frozen=True)
class Written:
    """An order that is given word by word: any numbers, repeats too, of any length."""

    words: tuple[tuple[int, ...], ...]

    def word(self, n: int) -> tuple[int, ...]:
        return self.words[n - 1]

    def __str__(self) -> str:
        return "written"


widths = st.integers(1, LONGEST)
built_in = st.one_of(
    st.sampled_from([ro.Forward(), ro.Backward(), ro.TwoSided()]),
    st.builds(ro.BackwardWindow, widths),
    st.builds(ro.BackwardTail, widths),
    st.builds(ro.BackwardBlocks, widths),
    st.builds(ro.Shuffled, seed=st.integers(0, 99)),
)
words = st.lists(st.integers(0, LONGEST - 1), min_size=1, max_size=9).map(tuple)
written = st.lists(words, min_size=LONGEST, max_size=LONGEST).map(lambda lists: Written(tuple(lists)))
orders = st.one_of(built_in, written)
checkpoints = st.lists(st.integers(1, LONGEST), min_size=1, max_size=5)
UNLABELLED = st.none()
labels = UNLABELLED | st.lists(st.integers(0, 2), min_size=LONGEST, max_size=LONGEST)

shapes = st.lists(st.integers(1, 3), max_size=2).map(tuple)
trees = st.recursive(
    shapes,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", 0, 7]), inner, min_size=1, max_size=3)
        | st.tuples(inner, inner)
    ),
    max_leaves=4,
)
couplings = st.sampled_from(
    [
        lambda x, total, b: x - 0.3 * torch.tanh(x - b) ** 3,
        lambda x, total, b: torch.tanh(x + b) * 0.8 + 0.1 * total,
        lambda x, total, b: 0.5 * x - 0.2 * b * total,
        lambda x, total, b: x - 0.4 * torch.sin(x * b),
    ]
)


def is_shape(node):
    return isinstance(node, tuple) and all(isinstance(side, int) for side in node)


def draw_tree(shape, generator):
    """A pytree of the drawn layout with standard normal leaves, halved."""
    make = lambda sides: torch.randn(sides, generator=generator, dtype=torch.float64) / 2
    return pytree.tree_map(make, shape, is_leaf=is_shape)


@st.composite
def cases(draw, with_labels=UNLABELLED):
    """A start, batches that repeat where their labels do, and an update that mixes all leaves."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10**6)))
    start, move, named = draw_tree(draw(trees), generator), draw(couplings), draw(with_labels)
    kinds = torch.randn(LONGEST, generator=generator, dtype=torch.float64)
    batches = [kinds[i if named is None else named[i]] for i in range(LONGEST)]

    def update(state, batch):
        total = sum(leaf.mean() for leaf in pytree.tree_leaves(state))
        return pytree.tree_map(lambda leaf: move(leaf, total, batch), state)

    return Case(update, start, batches), named


def run(case, order, steps, named, **options):
    return family.run(case, order, steps, labels=named, **options)


@settings(max_examples=150)
@given(cases(labels), orders, checkpoints)
def test_replay_is_the_definition(drawn, order, steps):
    case, named = drawn
    path = run(case, order, steps, named, engine="replay")
    assert path.steps == steps
    for row, n in enumerate(steps):
        assert same_bits(row_of(path.states, row), literally(case, order.word(n)))


@settings(max_examples=100)
@given(cases(labels), orders, checkpoints, st.none() | st.integers(1, 4))
def test_wavefront_is_replay(drawn, order, steps, max_states):
    case, named = drawn
    wavefront = run(case, order, steps, named, engine=ro.Wavefront(max_states=max_states))
    replay = run(case, order, steps, named, engine="replay")
    assert distance(wavefront.states, replay.states) <= 1e-12


@settings(max_examples=50)
@given(cases(labels), orders, checkpoints, st.integers(1, 4))
def test_an_executor_is_replay(drawn, order, steps, workers):
    case, named = drawn
    with ThreadPoolExecutor(workers) as executor:
        shared = run(case, order, steps, named, engine="replay", executor=executor)
    assert shared.steps == steps
    assert same_bits(shared.states, run(case, order, steps, named, engine="replay").states)


@settings(max_examples=300)
@given(orders, checkpoints, labels)
def test_the_price_is_the_number_of_different_prefixes(order, steps, named):
    words, plan = spelled(order, steps, named), ro.plan(order, steps, named)
    assert plan.cost == len(beginnings(words))
    assert plan.naive_cost == sum(map(len, words))
    assert 1 <= max(map(len, words)) <= plan.launches <= plan.cost
    assert 1 <= plan.peak_states <= plan.cost


@settings(max_examples=100)
@given(cases(labels), orders, checkpoints)
def test_replay_makes_as_many_evaluations_as_the_plan_says(drawn, order, steps):
    case, named = drawn
    calls = 0

    def counted(state, batch):
        nonlocal calls
        calls += 1
        return case.update(state, batch)

    path = run(Case(counted, case.start, case.batches), order, steps, named, engine="replay")
    tried = 1  # the first step, before anything else; steps are checked by copies, which count by themselves
    assert calls - tried == path.cost == ro.plan(order, steps, named).cost


@settings(max_examples=100)
@given(cases(), orders, checkpoints)
def test_save_then_load_is_the_same(drawn, order, steps):
    case, named = drawn
    path = run(case, order, steps, named, engine="replay", metrics={"total": lambda s: pytree.tree_leaves(s)[0].sum()})
    with tempfile.TemporaryDirectory() as folder:
        path.save(Path(folder) / "path")
        loaded = ro.Trajectory.load(Path(folder) / "path")
    assert pytree.tree_structure(loaded.states) == pytree.tree_structure(path.states)
    assert same_bits(loaded.states, path.states)
    assert loaded.frame().equals(path.frame())
    assert (loaded.order, loaded.steps, loaded.cost, loaded.engine) == (path.order, path.steps, path.cost, path.engine)
