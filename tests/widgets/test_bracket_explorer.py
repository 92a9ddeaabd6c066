"""The BracketExplorer, driven by setting its controls, and its pictures: checked against torch's derivatives."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

import revorder as ro
from revorder.plots.brackets import level_line
from revorder.widgets.brackets import FLAT, QUADRATIC, RADIUS, SMOOTH, STEEP, Bowl


@pytest.fixture
def explorer():
    return ro.widgets.BracketExplorer()


def torch_loss(kind):
    """The losses of the widget, written down again: batch = (minimiser, direction of the steep axis)."""

    def loss(theta, batch):
        centre, angle = batch
        cos, sin = torch.cos(angle), torch.sin(angle)
        along = torch.stack([cos, sin]) @ (theta - centre), torch.stack([-sin, cos]) @ (theta - centre)
        parts = [r**2 / 2 if kind == QUADRATIC else 4 * torch.log(torch.cosh(r / 2)) for r in along]
        return STEEP * parts[0] + FLAT * parts[1]

    return loss


def independently(explorer):
    """Backward minus forward and the bracket, from torch's gradients and the controls alone."""
    double = lambda number: torch.tensor(number, dtype=torch.float64)
    half, tilt = explorer.distance.value / 2, np.radians(explorer.angle.value) / 2
    older = double([-half, 0.0]), double(np.pi / 4 - tilt)
    newer = double([half, 0.0]), double(np.pi / 4 + tilt)
    turn = np.radians(explorer.start.value)
    theta, loss = double([RADIUS * np.cos(turn), RADIUS * np.sin(turn)]), torch_loss(explorer.kind.value)
    update = ro.sgd(loss, explorer.lr.value)
    gap = ro.diagnostics.commutator(update, update.init(theta), older, newer)
    return gap.numpy(), ro.diagnostics.lie_bracket(loss, theta, older, newer, explorer.lr.value).numpy()


@pytest.mark.parametrize("kind", [QUADRATIC, SMOOTH])
@pytest.mark.parametrize("settings", [{}, {"angle": 0}, {"distance": 0.0}, {"lr": 0.1, "angle": 90, "start": 45}])
def test_gap_and_bracket_are_those_of_torch(explorer, kind, settings):
    for name, value in {"kind": kind, **settings}.items():
        getattr(explorer, name).value = value
    gap, bracket = independently(explorer)
    steps, lr = explorer.steps, explorer.lr.value
    assert np.allclose(steps.backward(lr)[-1] - steps.forward(lr)[-1], gap, rtol=0, atol=1e-12)
    assert np.allclose(steps.bracket(lr), bracket, rtol=0, atol=1e-12)
    shown = float(
        re.search(r"has length ([\d.e-]+)[.;]", explorer.summary.value.replace("; ", ";")).group(1).rstrip(".")
    )
    assert shown == pytest.approx(np.linalg.norm(gap), rel=0.01)
    assert (np.linalg.norm(gap - bracket) < 1e-12) == ("is exact" in explorer.summary.value)


def test_alt_text_says_where_both_orders_end(explorer):
    gap, bracket = independently(explorer)
    for vector in (gap, bracket):
        assert f"({vector[0]:.3f}, {vector[1]:.3f})" in explorer.picture.alt
    missed = np.linalg.norm(gap - bracket)
    assert f"misses it by {missed:.2g} ({missed / np.linalg.norm(gap):.0%})" in explorer.picture.alt


def test_one_batch_twice_commutes_and_is_said_so(explorer):
    explorer.angle.value, explorer.distance.value = 0, 0.0
    assert (explorer.steps.backward(0.5)[-1] == explorer.steps.forward(0.5)[-1]).all()
    assert "has length 0; the bracket is exact" in explorer.summary.value
    explorer.distance.value = 0.1
    assert "misses it by" in explorer.summary.value


@pytest.mark.parametrize("kind", [QUADRATIC, SMOOTH])
def test_derivatives_of_a_bowl(kind):
    bowl, theta, vector = Bowl(np.array([0.3, -0.2]), 0.7, kind), np.array([1.1, 0.8]), np.array([0.6, -1.0])
    batch = torch.from_numpy(bowl.centre), torch.tensor(0.7, dtype=torch.float64)
    loss = lambda point: torch_loss(kind)(point, batch)
    assert bowl.value(theta) == pytest.approx(loss(torch.from_numpy(theta)).item())
    assert np.allclose(bowl.gradient(theta), torch.func.grad(loss)(torch.from_numpy(theta)))
    assert np.allclose(bowl.curved(theta, vector), torch.func.hessian(loss)(torch.from_numpy(theta)).numpy() @ vector)
    assert np.allclose(bowl.gradient(np.stack([theta, vector])), [bowl.gradient(theta), bowl.gradient(vector)])


@pytest.mark.parametrize("share", [1, 0.25])
def test_level_lines_have_one_level(share):
    bowl, through = Bowl(np.array([0.3, -0.2]), 0.7, SMOOTH), np.array([1.1, 0.8])
    line = level_line(bowl.value, bowl.centre, through, share)
    assert np.allclose(bowl.value(line), share * bowl.value(through), rtol=1e-4)
    assert np.allclose(line[0], line[-1])
    turns = np.unwrap(np.arctan2(*(line - bowl.centre).T))
    assert abs(turns[-1] - turns[0]) == pytest.approx(2 * np.pi)
