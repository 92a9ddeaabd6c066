"""The RegimeExplorer widget, driven in Python; no browser needed."""

from __future__ import annotations

from dataclasses import replace
from html import escape

import numpy as np
import pytest
import torch
from every_picture import HOSTILE, diverge

import revorder as ro
from revorder.widgets import training
from revorder.widgets.training import Coupled, RegimeExplorer, digits_problem, gaps


@pytest.fixture
def widget(monkeypatch):
    monkeypatch.setattr(training, "STEPS", 12)
    monkeypatch.setattr(training, "STRIDE", 3)
    return RegimeExplorer()


def by_hand(widget):
    """Both starts through every word with a plain loop, without the package's maps: gaps at the steps 0, 3, …, 12."""
    lr, momentum = widget.lr.value, widget.momentum.value
    data = ro.datasets.digits(dtype=torch.float64)
    index = ro.batches.reshuffle(1400, widget.batch_size.value, 13, widget.seed.value)

    def trained(word):
        model = ro.models.mlp(64, 32, 10, seed=widget.seed.value).double()
        optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
        for number in word:
            optimizer.zero_grad()
            inputs, targets = (part[index[number]] for part in data.train)
            torch.nn.functional.cross_entropy(model(inputs), targets).backward()
            optimizer.step()
        with torch.no_grad():
            params = torch.cat([p.flatten() for p in model.parameters()])
            outputs = model(data.test[0])
            return params, outputs.softmax(1), float(torch.nn.functional.cross_entropy(outputs, data.test[1]))

    gaps, losses = [], []
    for n in range(0, 13, 3):
        word = list(range(n)) if widget.order.value == "forward" else list(reversed(range(n)))
        a, b = trained(word), trained([12, *word])
        apart = (a[1] - b[1]).square().sum(1).mean().sqrt()
        gaps.append([float((a[0] - b[0]).norm()), float(apart)])
        losses.append(a[2])
    return np.array(gaps).T, losses[1:]


SETTINGS = [
    {},
    {"order": "backward"},
    {"order": "backward", "lr": 0.5, "batch_size": 4, "seed": 2},
    {"order": "forward", "momentum": 0.9, "lr": 0.02},
    {"order": "backward", "momentum": 0.9},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_shows_what_a_plain_training_loop_gives(widget, settings):
    for name, value in settings.items():
        getattr(widget, name).value = value
    (parameters, predictions), losses = by_hand(widget)
    found = widget.coupled
    assert found.steps.tolist() == [0, 3, 6, 9, 12]
    assert np.allclose(found.parameters, parameters, rtol=1e-7)
    assert np.allclose(found.predictions, predictions, rtol=1e-7)
    shown = {run.order: run.metrics["test loss"] for run in widget.trajectories}
    assert np.allclose(shown[widget.order.value], losses, rtol=1e-9)
    factor = predictions[-1] / predictions[0]  # the last quarter of four checkpoints is one
    assert found.factor == pytest.approx(factor) and found.rate == pytest.approx(factor ** (1 / 12))
    said = "contract" if factor < 1 else "do not contract"
    assert widget.picture.alt.startswith(f"Predictions {said} ({factor ** (1 / 12):.4f} per step)")
    assert f"of parameters {parameters[-1] / parameters[0]:.3g} times" in widget.picture.alt
    assert f"of predictions {factor:.3g} times" in widget.picture.alt
    assert f"between two {widget.order.value} runs" in widget.picture.alt


def test_the_last_backward_gap_is_the_next_backward_move():
    problem = digits_problem(0.2, 8, 9)
    other = problem.update(problem.start, problem.batches[9])
    runs = [replace(problem, start=start).run("backward", [9]) for start in (problem.start, other)]
    gap = gaps(problem, *runs, other).parameters[-1]
    states = problem.run("backward", [9, 10]).states["params"]
    move = torch.cat([(values[1] - values[0]).flatten() for values in states.values()]).norm()
    assert gap == pytest.approx(float(move), rel=1e-9)


def test_the_rate_is_that_of_the_predictions_in_the_last_quarter():
    steps = np.arange(0, 90, 10)
    found = Coupled(steps, np.ones(9), 3 * 0.9**steps)
    assert found.factor == pytest.approx(0.9**75) and found.rate == pytest.approx(0.9)


def test_divergence_is_said_in_words_and_overcome(widget, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(training, "run", diverge)
        widget.lr.value = 0.9
        assert 'role="alert"' in widget.image.value and f"blew up {escape(HOSTILE)}" in widget.image.value
        assert widget.picture is None and widget.coupled is None and widget.trajectories == []
    widget.lr.value = 0.1
    assert "alert" not in widget.image.value and "<img alt=" in widget.image.value
