"""What ends a run of many seeds carries them as such; a metric that is to blame is named."""

from __future__ import annotations

import pytest
import torch
from failing import Failing

import revorder as ro

N = 12
START, BATCHES = torch.ones((), dtype=torch.float64), torch.zeros((2, N), dtype=torch.float64)


def halve(state, batch):
    return state - 0.5 * (state - batch)


def runs(metric, order="forward", **options):
    return ro.run_seeds(
        halve, START, BATCHES, order, range(1, N + 1), metrics={"mine": metric}, progress=False, **options
    )


@pytest.mark.parametrize("keep_states", [True, False])
@pytest.mark.parametrize("raised, kind", [
    (ZeroDivisionError("no"), ValueError), (TypeError("no"), TypeError), (MemoryError(), MemoryError),
    (RuntimeError("std::bad_alloc"), MemoryError), (SystemExit(3), SystemExit), (GeneratorExit(), GeneratorExit),
    (KeyboardInterrupt(), ro.RunInterrupted),
])  # fmt: skip
def test_whatever_ends_it(raised, kind, keep_states):
    with pytest.raises(kind) as caught:
        runs(Failing(raised, 6, lambda state: state * 1.0), engine="replay", keep_states=keep_states)
    found = caught.value.trajectory
    assert isinstance(found, ro.SeedRuns) and found.steps == [1, 2, 3, 4, 5] and found.metrics["mine"].shape == (5, 2)
    assert (found.states is None) is not keep_states and found.cost == 2 * 6
    said = "5 of 12 checkpoints of forward were reached"
    assert said in str(caught.value) or said in "".join(caught.value.__notes__)
    if kind in (ValueError, TypeError, MemoryError):
        assert str(caught.value).startswith("metrics['mine']: ") and caught.value.__cause__.__cause__ is raised
        assert str(caught.value).count("too little memory") == (kind is MemoryError)


@pytest.mark.parametrize("value", [None, "1.5", 2.5, 1j, float("nan"), 10**400, [1.0], {}])
def test_a_metric_that_returns_no_tensor_is_named(value):
    with pytest.raises(TypeError, match=r"metrics\['mine'\]: it returned .*, but over many seeds .* as a tensor"):
        runs(lambda state: value)


def test_complex_numbers_are_not_cut():
    for order in ("forward", "backward"):
        with pytest.raises(TypeError, match=r"metrics\['mine'\]: it returned complex numbers"):
            runs(lambda state: state * 1j, order)


def test_several_numbers_are_none():
    with pytest.raises(ValueError, match=r"metrics\['mine'\]: it returned shape \(3,\), but .* one number"):
        runs(lambda state: state * torch.ones(3))


def test_a_metric_that_leaves_torch_is_named():
    with pytest.raises(
        ValueError, match=r"metrics\['mine'\]: it failed on the states of all seeds: vmap: (.|\n)*write it"
    ):
        runs(float)


def test_nan_and_truth_are_numbers():
    assert runs(lambda state: state.log() * 0 + float("nan")).metrics["mine"].shape == (N, 2)
    assert runs(lambda state: state < 0.1).metrics["mine"].tolist() == [
        [float(0.5**n < 0.1)] * 2 for n in range(1, N + 1)
    ]


@pytest.mark.parametrize("checkpoints", [range(1, 10**12), range(1, 10**30)])
def test_too_many_checkpoints_are_refused_before_they_are_listed(checkpoints):
    with pytest.raises(MemoryError, match="checkpoints: so many of them"):
        ro.run_seeds(halve, START, BATCHES, "forward", checkpoints, progress=False)


@pytest.mark.parametrize("checkpoints", [None, 5, "12"])
def test_checkpoints_that_are_none(checkpoints):
    with pytest.raises(TypeError, match="checkpoints: got"):
        ro.run_seeds(halve, START, BATCHES, "forward", checkpoints, progress=False)


@pytest.mark.parametrize("metrics", [[float], float, {"x": 1}])
def test_metrics_that_are_none(metrics):
    with pytest.raises(TypeError, match="metrics: got .*must map names to functions"):
        ro.run_seeds(halve, START, BATCHES, "forward", [1], metrics=metrics, progress=False)
