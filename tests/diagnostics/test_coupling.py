"""Gaps of pairs of networks, and intervals of ratios, against a plain loop and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from revorder.diagnostics.coupling import network_gaps
from revorder.diagnostics.intervals import t_quantile
from revorder.diagnostics.ratios import geometric_interval


def networks(seeds):
    """A stack of networks 3-4-5, and the modules it is made of."""
    made = []
    for seed in seeds:
        torch.manual_seed(seed)
        made.append(torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 5)).double())
    return {name: torch.stack([dict(net.named_parameters())[name].detach() for net in made])
            for name, _ in made[0].named_parameters()}, made  # fmt: skip


def test_gaps_are_those_of_a_plain_loop():
    (a, ones), (b, others) = networks([0, 1, 2]), networks([3, 4, 5])
    inputs = torch.randn(7, 3, generator=torch.Generator().manual_seed(0)).double()
    found = network_gaps(ones[0], inputs, a, b)
    for number, (one, other) in enumerate(zip(ones, others, strict=True)):
        x, y = (torch.cat([p.detach().flatten() for p in net.parameters()]) for net in (one, other))
        assert found["parameters"][number] == pytest.approx(float((x - y).norm()))
        logits = [net(inputs).detach().numpy() for net in (one, other)]
        centred = [each - each.mean(1, keepdims=True) for each in logits]
        chances = [np.exp(each) / np.exp(each).sum(1, keepdims=True) for each in logits]
        for name, (p, q) in (("logits", centred), ("probabilities", chances)):
            assert found[name][number] == pytest.approx(np.sqrt(((p - q) ** 2).sum(1).mean())), name


def test_what_softmax_does_not_see_is_a_gap_of_parameters_only():
    a, (net,) = networks([0])
    b = {name: each.clone() for name, each in a.items()}
    b["2.bias"] += 0.3
    found = network_gaps(net, torch.randn(6, 3).double(), a, b)
    assert found["parameters"][0] == pytest.approx(0.3 * 5**0.5)
    assert found["logits"][0] < 1e-14 and found["probabilities"][0] < 1e-14


def test_the_interval_is_students_for_the_logarithms():
    values = np.random.default_rng(0).lognormal(0.4, 0.5, (9, 3))
    mean, low, high = geometric_interval(values)
    test = stats.ttest_1samp(np.log(values), 0).confidence_interval(0.95)
    np.testing.assert_allclose(mean, stats.gmean(values))
    np.testing.assert_allclose([low, high], np.exp([test.low, test.high]))
    assert t_quantile(9) == pytest.approx(2.306, abs=1e-3)


def test_the_interval_holds_the_mean_as_often_as_it_says():
    values = np.random.default_rng(1).lognormal(0, 1, (16, 4000))
    _, low, high = geometric_interval(values)
    assert abs(((low < 1) & (high > 1)).mean() - 0.95) < 0.015
