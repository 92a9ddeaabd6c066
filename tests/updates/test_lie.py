"""The windowed correction by Lie brackets: order of its error, what it follows, what it costs and refuses."""

from __future__ import annotations

import pytest
import torch
from smooth import LRS, gap, norm, pick, quartic, slope, tanh_mlp
from torch.nn.functional import cross_entropy
from torch.utils import _pytree as pytree

import revorder as ro
from revorder.diagnostics import lie_bracket
from revorder.updates.lie import window_correction


@pytest.mark.parametrize("width", [2, 3, 5])
def test_windowed_correction_leaves_an_error_of_third_order(width):
    loss, params, batches = tanh_mlp()
    window = pick(batches, slice(0, width))
    errors, uncorrected = [], []
    for lr in LRS:
        update = ro.sgd(loss, lr)
        forward, backward = (_composed(update, params, batches, word) for word in (range(width), range(width)[::-1]))
        corrected = pytree.tree_map(torch.add, forward, window_correction(loss, params, window, lr))
        errors.append(gap(corrected, backward))
        uncorrected.append(gap(forward, backward))
    assert 2.9 < slope(errors) < 3.1
    assert 1.9 < slope(uncorrected) < 2.1


def _composed(update, params, batches, word):
    state = update.init(params)
    for number in word:
        state = update(state, pick(batches, number))
    return state["params"]


def test_windowed_correction_is_the_sum_of_all_brackets():
    loss, params, batches = tanh_mlp()
    window = pick(batches, slice(0, 4))
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    brackets = [lie_bracket(loss, params, pick(batches, i), pick(batches, j), 0.1) for i, j in pairs]
    total = pytree.tree_map(lambda *leaves: torch.stack(leaves).sum(0), *brackets)
    assert gap(window_correction(loss, params, window, 0.1), total) < 1e-12 * norm(total)


def test_lie_corrected_forward_follows_the_backward_blocks():
    """Over several windows: the corrected run is closer to the backward blocks than the forward one, by one order."""
    loss, params, batches = tanh_mlp()
    listed = [pick(batches, i) for i in range(8)]
    errors, plain = [], []
    for lr in LRS:
        sgd, lie = ro.sgd(loss, lr), ro.lie_corrected(loss, lr)
        wanted = ro.run(sgd, sgd.init(params), listed, "backward-blocks:4", [8], progress=False).state(8)["params"]
        forward = ro.run(sgd, sgd.init(params), listed, "forward", [8], progress=False).state(8)["params"]
        windows = ro.batches.Windows(listed, 4)
        got = ro.run(lie, lie.init(params), windows, "forward", [2], progress=False).state(2)["params"]
        errors.append(gap(got, wanted))
        plain.append(gap(forward, wanted))
    assert 2.9 < slope(errors) < 3.1
    assert 1.9 < slope(plain) < 2.1


def test_lie_corrected_counts_what_it_costs():
    """2w - 1 gradients and w Hessian-vector products, counted by hand on the scalar loss."""
    calls = []

    def loss(theta, x):
        calls.append(1)
        return 0.25 * (theta - x) ** 4

    update = ro.lie_corrected(loss, 0.1)
    assert [update.cost(w) for w in (1, 2, 5)] == [3, 7, 19]
    state = update.init(torch.tensor(0.0, dtype=torch.float64))
    update(state, torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64))
    assert len(calls) == 3 + 2  # three forward steps; the gradients and the products in one batched call each


def test_lie_corrected_runs_under_every_engine_alike():
    loss, params, batches = tanh_mlp()
    update = ro.lie_corrected(loss, 0.1)
    windows = ro.batches.Windows([pick(batches, i) for i in range(8)], 2)
    found = [
        ro.run(update, update.init(params), windows, "backward", [2, 4], engine=engine, progress=False).states["params"]
        for engine in ("replay", "wavefront")
    ]
    assert gap(*found) < 1e-12


def test_lie_corrected_refuses_buffers_and_randomness():
    norm_loss, _ = ro.module_loss(ro.models.small_cnn(width=3), cross_entropy)
    with pytest.raises(ValueError, match="loss: got .*running_mean"):
        ro.lie_corrected(norm_loss, 0.1)
    dropout_loss, params = ro.module_loss(ro.models.mlp(4, 3, 2, dropout=0.5), cross_entropy)
    update = ro.lie_corrected(dropout_loss, 0.1)  # it draws, as is found at the first step
    with pytest.raises(ValueError, match="loss: got a module that draws"):
        update(update.init(params), (torch.randn(2, 5, 4), torch.zeros(2, 5, dtype=torch.int64)))
    with pytest.raises(ValueError, match="lr: got"):
        ro.lie_corrected(lambda theta, x: theta, -1)


def test_lie_corrected_stays_on_its_device():
    theta, window = torch.zeros(3, device="meta"), torch.zeros(4, 3, device="meta")
    assert ro.lie_corrected(quartic, 0.1)({"params": theta, "buffers": {}}, window)["params"].is_meta
