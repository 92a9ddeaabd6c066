from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import revorder as ro

SEQUENCES = [getattr(ro.batches, name) for name in ("iid", "reshuffle", "shuffle_once", "flipflop", "incremental")]
EPOCHS = SEQUENCES[1:]
sizes = st.integers(1, 6).flatmap(lambda b: st.tuples(st.integers(b, 20), st.just(b)))


@pytest.mark.parametrize("sequence", SEQUENCES)
@given(sizes, st.integers(1, 30), st.integers(1, 30), st.integers(0, 9))
def test_batch_i_does_not_depend_on_the_number_of_steps(sequence, sizes, steps, more, seed):
    short, long = sequence(*sizes, steps, seed), sequence(*sizes, steps + more, seed)
    assert short.dtype == torch.int64
    assert short.shape == (steps, sizes[1])
    assert torch.equal(long[:steps], short)
    assert short.min() >= 0
    assert short.max() < sizes[0]


@pytest.mark.parametrize("sequence", EPOCHS)
@given(sizes, st.integers(0, 9))
def test_an_epoch_uses_no_example_twice(sequence, sizes, seed):
    n_examples, batch_size = sizes
    per_epoch = n_examples // batch_size
    for epoch in sequence(n_examples, batch_size, 3 * per_epoch, seed).split(per_epoch):
        assert len(set(epoch.flatten().tolist())) == per_epoch * batch_size


def test_what_each_data_order_repeats():
    first, second, third = ro.batches.reshuffle(60, 5, 36, seed=1).split(12)
    assert not torch.equal(first, second)
    first, second, third = ro.batches.shuffle_once(60, 5, 36, seed=1).split(12)
    assert torch.equal(first, second)
    assert torch.equal(first, third)
    assert not torch.equal(first, ro.batches.incremental(60, 5, 12, seed=1))
    first, second, third = ro.batches.flipflop(60, 5, 36, seed=1).split(12)
    assert torch.equal(first.flip(0), second)
    assert not torch.equal(first, third)
    assert torch.equal(ro.batches.incremental(6, 2, 4, seed=1), torch.tensor([[0, 1], [2, 3], [4, 5], [0, 1]]))


def test_seeds_differ_and_iid_is_uniform():
    draws = ro.batches.iid(10, 10, 2000, seed=0)
    assert not torch.equal(draws, ro.batches.iid(10, 10, 2000, seed=1))
    counts = draws.flatten().bincount(minlength=10)
    assert ((counts - 2000).abs() < 5 * (20000 * 0.1 * 0.9) ** 0.5).all()


def test_labels_of_equal_batches():
    index = ro.batches.shuffle_once(20, 4, 12, seed=0)
    assert ro.batches.labels(index) == [i % 5 for i in range(12)]


def test_minibatches_gather_the_examples():
    data = (torch.arange(10.0), {"y": torch.arange(10) * 2})
    batches = ro.batches.Minibatches(data, torch.tensor([[3, 1], [0, 9]]))
    assert len(batches) == 2
    inputs, targets = batches[1]
    assert inputs.tolist() == [0, 9]
    assert targets["y"].tolist() == [0, 18]


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (lambda: ro.batches.iid(0, 1, 1), ValueError, "n_examples: got 0"),
        (lambda: ro.batches.iid(5, 6, 1), ValueError, "batch_size: got 6"),
        (lambda: ro.batches.reshuffle(5, 2, 0), ValueError, "steps: got 0"),
        (lambda: ro.batches.flipflop(5, 2.0, 1), TypeError, "batch_size: got 2.0"),
        (lambda: ro.batches.incremental(5, 2, 1, -1), ValueError, "seed: got -1"),
        (lambda: ro.batches.Minibatches(torch.zeros(3), torch.tensor([[3]])), ValueError, "index: got 3 to 3"),
        (lambda: ro.batches.Minibatches(torch.zeros(3), torch.tensor([[-1]])), ValueError, "index: got -1"),
        (lambda: ro.batches.Minibatches(torch.zeros(3), torch.tensor([0])), TypeError, "index: must be"),
        (
            lambda: ro.batches.Minibatches((torch.zeros(3), torch.zeros(4)), torch.tensor([[0]])),
            ValueError,
            "same number of examples",
        ),
    ],
)
def test_bad_input(bad, error, says):
    with pytest.raises(error, match=says):
        bad()


def test_windows():
    windows = ro.batches.Windows(torch.arange(7), 3)
    assert len(windows) == 2
    assert windows[1].tolist() == [3, 4, 5]
    with pytest.raises(IndexError):
        windows[2]
    for width in (0, 8):
        with pytest.raises(ValueError, match="width"):
            ro.batches.Windows(torch.arange(7), width)
