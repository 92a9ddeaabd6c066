"""The live figure of cyclic batches: chains and prices against plans."""

from __future__ import annotations

from math import gcd

from live_truth import computed, gap, javascript, worst_gap

import revorder as ro


def draw(rng):
    period = int(rng.integers(1, 13))
    return ro.live.CyclicSharing(
        steps=int(rng.integers(1, 121)), period=period, stride=int(rng.integers(1, 2 * period + 3))
    )


def test_chains_and_prices_are_those_of_plans():
    assert worst_gap(draw) == 0


def test_another_period_would_be_noticed():
    figure = ro.live.CyclicSharing()
    found = computed(figure, stride=3)
    assert found["price"] != figure.states()["price"].tolist()
    assert gap({"lengths": found["lengths"]}, {"lengths": figure.states()["lengths"]}) > 0


def test_the_closed_forms():
    settings = [{"steps": 120, "period": K, "stride": s} for K in range(1, 13) for s in range(1, 2 * K + 3)]
    for each, found in zip(
        settings, javascript("cyclic_sharing_states", "cyclicStates", [[each] for each in settings]), strict=True
    ):
        N, K, s = each.values()
        assert len(found["chains"]) == min(K // gcd(s, K), N // s)
        if s == 1:
            assert found["cost"] == K * N - K * (K - 1) // 2
        if s == K:
            assert found["cost"] == N // K * K
    assert ro.live.CyclicSharing().states()["price"].tolist() == [955, 5050]
