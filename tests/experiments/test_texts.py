"""Experiments on a text: the smoke profile by both engines, stopped and resumed, and what does not go together."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
from results import differences
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.experiments import StoppedError, build, estimate, experiment, load, run
from revorder.experiments.estimates import stand_in

SMOKE = experiment("tiny-transformer", "smoke", precision="float64", keep_states=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The result of an uninterrupted run by replay."""
    return run(SMOKE.replace(engine="replay"), tmp_path_factory.mktemp("results") / "whole")


def test_metrics_are_means_over_characters(whole):
    """Loss in nats per character and the share of characters that are guessed, by a loop over the examples."""
    data = load(SMOKE)
    assert len(data.train[0]) == 200 and len(data.test[0]) == 40
    for order in ("forward", "backward"):
        found = whole.finished()[order, 0]
        model = ro.models.transformer(72, 32, width=SMOKE.width, seed=0).double().eval()
        model.load_state_dict(found.state(12))
        with torch.no_grad():
            outputs = [model(inputs[None])[0] for inputs in data.test[0]]
        losses = [cross_entropy(own, targets).item() for own, targets in zip(outputs, data.test[1], strict=True)]
        right = [(own.argmax(1) == targets).double().mean() for own, targets in zip(outputs, data.test[1], strict=True)]
        assert found.metrics["test loss"][-1] == pytest.approx(np.mean(losses), abs=1e-12)
        assert found.metrics["test accuracy"][-1] == pytest.approx(np.mean(right), abs=1e-12)
        assert 2 < found.metrics["test loss"][-1] < 5


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_stop_and_resume(whole, tmp_path, engine):
    config, stop = SMOKE.replace(engine=engine), threading.Event()
    for evaluations in (7, 12 + 16):  # in forward order, then in backward order
        with pytest.raises(StoppedError):
            run(config, tmp_path / "r", resume=True, stop=stop,
                watcher=lambda progress, past=evaluations: stop.set()
                if progress.evaluations + 12 * (progress.job.order == "backward") >= past else None)  # fmt: skip
        stop.clear()
    found = run(config, tmp_path / "r", resume=True)
    assert differences(found, whole, tolerance=1e-12 * (engine == "wavefront")) == []


def test_an_estimate_needs_no_stand_in():
    price = estimate(SMOKE)
    assert price.evaluations == 12 + 3 + 6 + 9 + 12 and price.seconds > 0
    assert torch.equal(stand_in(SMOKE).train[0], load(SMOKE).train[0])


def test_dropout_is_off_and_nothing_is_drawn():
    problem = build(SMOKE, load(SMOKE), 0)
    problem.run("forward", [1])
    assert problem.update.loss.stochastic is False


@pytest.mark.parametrize("changes", [{"dataset": "digits"}, {"model": "mlp"}, {"augment": True}])
def test_what_does_not_go_together(changes):
    with pytest.raises(ValueError, match="text and transformer need each other|crops and flips"):
        SMOKE.replace(**changes)
