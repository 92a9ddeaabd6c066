"""The RegimeExplorer widget, driven in Python; no browser needed."""

from __future__ import annotations

from html import escape

import numpy as np
import pytest
import torch
from every_picture import HOSTILE, diverge

import revorder as ro
from revorder.widgets import training
from revorder.widgets.training import Pair, RegimeExplorer


@pytest.fixture
def widget(monkeypatch):
    monkeypatch.setattr(training, "LOOKS", (3, 6, 12))
    return RegimeExplorer()


def by_hand(widget, independent):
    """Both starts through all batches with a plain loop, without the package's maps: gaps at the steps 0, 3, 6, 12."""
    lr, momentum, seed = widget.lr.value, widget.momentum.value, widget.seed.value
    data = ro.datasets.digits(dtype=torch.float64)
    index = ro.batches.reshuffle(1400, widget.batch_size.value, 13, seed)

    def trained(word, own):
        model = ro.models.mlp(64, 32, 10, seed=own).double()
        optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
        for number in word:
            optimizer.zero_grad()
            inputs, targets = (part[index[number]] for part in data.train)
            torch.nn.functional.cross_entropy(model(inputs), targets).backward()
            optimizer.step()
        with torch.no_grad():
            params = torch.cat([p.flatten() for p in model.parameters()])
            outputs = model(data.test[0])
            return params, outputs, float(torch.nn.functional.cross_entropy(outputs, data.test[1]))

    gaps, losses = [], []
    for n in (0, 3, 6, 12):
        a = trained(range(n), seed)
        b = trained(range(n), seed + 1000) if independent else trained([12, *range(n)], seed)
        apart = (a[1].softmax(1) - b[1].softmax(1)).square().sum(1).mean().sqrt()
        gaps.append([float((a[0] - b[0]).norm()), float(apart)])
        losses.append([a[2], b[2]])
    return np.array(gaps).T, np.array(losses).T


SETTINGS = [
    {},
    {"start": "drawn by another seed", "lr": 0.5, "batch_size": 4, "seed": 2},
    {"momentum": 0.9, "lr": 0.02},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_shows_what_a_plain_training_loop_gives(widget, settings):
    for name, value in settings.items():
        getattr(widget, name).value = value
    widget.train.click()
    (parameters, probabilities), losses = by_hand(widget, "start" in settings)
    found = widget.pair
    assert found.steps.tolist() == [0, 3, 6, 12]
    assert np.allclose(found.gaps["parameters"], parameters, rtol=1e-7)
    assert np.allclose(found.gaps["probabilities"], probabilities, rtol=1e-7)
    assert np.allclose(found.losses, losses, rtol=1e-9)
    assert f"parameters {parameters[-1] / parameters[0]:.2g}" in widget.picture.alt
    assert "the gap of a pair of runs on the same batches" in widget.picture.alt
    assert "per step" not in widget.picture.alt and "contract" not in widget.picture.alt  # no rate where there is none


def test_nothing_is_trained_before_the_button_is_pressed(widget):
    before, said = widget.pair, widget.image.value
    for name, value in {"lr": 0.3, "batch_size": 16, "momentum": 0.5, "start": "drawn by another seed"}.items():
        getattr(widget, name).value = value
        assert widget.pair is before and widget.image.value == said and "press the button" in widget.sign.value
    widget.train.click()
    assert widget.pair is not before and widget.image.value == widget.picture.html != said and widget.sign.value == ""


def test_a_sign_says_that_the_kernel_trains(widget, monkeypatch):
    seen, plain = [], training.run_seeds
    monkeypatch.setattr(training, "run_seeds", lambda *a, **b: seen.append(widget.sign.value) or plain(*a, **b))
    widget.train.click()
    assert len(seen) == 1 and "Training two networks" in seen[0] and "Training" not in widget.sign.value


def test_later_gaps_are_compared_with_those_at_step_400():
    gaps = {"logits": np.array([1.0, 2.0, 4.0, 6.0])}
    assert Pair(np.array([0, 200, 400, 2000]), gaps, np.ones((2, 4))).later("logits") == 1.5
    assert Pair(np.array([0, 3, 6, 12]), gaps, np.ones((2, 4))).over_start("logits").tolist() == [1, 2, 4, 6]


def test_divergence_is_said_in_words_and_overcome(widget, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(training, "run_seeds", diverge)
        widget.train.click()
        assert 'role="alert"' in widget.image.value and f"blew up {escape(HOSTILE)}" in widget.image.value
        assert widget.picture is None and widget.pair is None
    widget.train.click()
    assert "alert" not in widget.image.value and "<img alt=" in widget.image.value
