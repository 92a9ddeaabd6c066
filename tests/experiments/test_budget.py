"""Methods at an equal budget: the comparison against direct runs, and against closed forms on one number."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import revorder as ro
from revorder.experiments.budget import COLUMNS, Method, coins, compare, digits, methods, table
from revorder.updates import comparators

LOOKS = [20, 60, 100]


def direct(setting, method, seed, budget, looks, metric):
    """The same method run on its own, state by state, without the wavefront."""
    update = method.update(setting.loss, setting.lr)
    batches = setting.batches(seed, budget // method.factor, method.factor)
    run = ro.run(update, update.init(setting.start(seed)), batches, method.order, [n // method.factor for n in looks],
                 engine="replay", progress=False)  # fmt: skip
    return [float(setting.metrics[metric](update.params(run.state(n)))) for n in run.steps]


@pytest.mark.parametrize("make, metric", [(coins, "theta"), (digits, "test loss")])
def test_every_method_equals_a_direct_run(make, metric):
    setting, chosen = make(), methods(100)
    frame = compare(setting, chosen, [3, 5], 100, LOOKS)
    assert list(frame.columns) == COLUMNS
    assert len(frame) == len(chosen) * 2 * len(LOOKS)
    values = frame.pivot_table("value", ["method", "seed"], "evaluations")
    for name, method in chosen.items():
        for seed in (3, 5):
            assert values.loc[(name, seed)].tolist() == pytest.approx(
                direct(setting, method, seed, 100, LOOKS, metric), rel=1e-9
            )
    assert len({round(value, 9) for value in values[100]}) == len(values)  # no two methods are the same


def test_the_methods_are_what_they_are_called():
    loss, update = (lambda theta, x: 0.5 * (theta - x) ** 2), {}
    update = {name: method.update(loss, 0.1) for name, method in methods(200).items()}
    assert update["backward"] == update["forward"] == update["window"] == update["blocks"] == ro.sgd(loss, 0.1)
    assert methods(200)["window"].order == "backward-window:4" and methods(200)["blocks"].order == "backward-blocks:20"
    assert update["5x batches"] == ro.sgd(loss, 0.5) and methods(200)["5x batches"].factor == 5
    assert update["SWA"].update == update["EMA"].update == ro.sgd(loss, 0.1) and update["SWA"].burn_in == 100
    assert update["EMA"].burn_in == 0
    zero, one = torch.zeros(()), torch.ones(())
    assert float(update["EMA"].average(zero, one, 9)) == pytest.approx(0.02)
    assert float(update["SWA"].average(zero, one, 9)) == pytest.approx(0.1)
    assert update["LAWA"] == comparators.lawa(ro.sgd(loss, 0.1), 10, 4)
    assert update["decay"] == comparators.decayed_sgd(loss, 0.2, 200)


def test_prices():
    looks = [40, 60, 100]
    price = {name: method.path_cost(looks) for name, method in methods(100).items()}
    assert price["backward"] == sum(looks)
    assert price["window"] == 100 - 2 + 3 * 2
    for name in ("forward", "EMA", "SWA", "LAWA", "Lookahead", "schedule-free", "decay", "5x batches"):
        assert price[name] == 100
    assert all(method.path_cost([100]) == 100 for method in methods(100).values())
    assert Method(order="backward", factor=5).path_cost(looks) == sum(looks)


def test_a_larger_batch_is_the_mean_of_its_tosses_and_sees_as_many():
    setting = coins()
    single, five = setting.batches(7, 50, 1), setting.batches(7, 10, 5)
    assert torch.equal(five, single.reshape(10, 5).mean(1))
    assert digits().batches(0, 3, 5).index.shape == (3, 40)


def test_closed_forms_on_one_number():
    chosen = {name: methods(200)[name] for name in ("backward", "forward", "5x batches", "SWA")}
    frame = compare(coins(0.2), chosen, range(800), 200, [160, 180, 200])
    rows = table(frame.assign(value=(frame["value"] - 0.5) ** 2), chosen, "theta")
    exact = {
        "backward": ro.theory.stationary_variance(0.2, 0.25),
        "forward": ro.theory.stationary_variance(0.2, 0.25),
        "5x batches": 0.25 / 5,  # 5h = 1: the last batch alone
        "SWA": ro.theory.averaged_variance(0.2, 100, 0.25),
    }
    for name, value in exact.items():
        assert abs(rows.loc[name, "final"] - value) < 4 * rows.loc[name, "error"]


def test_table_by_hand():
    import pandas as pd

    values = {(40, 0): 9.0, (40, 1): 9.0, (80, 0): 1.0, (80, 1): 2.0, (100, 0): 3.0, (100, 1): 6.0}
    rows = [("forward", seed, n, "loss", value) for (n, seed), value in values.items()]
    row = table(pd.DataFrame(rows, columns=COLUMNS), {"forward": Method()}, "loss").loc["forward"]
    assert row.to_dict() == pytest.approx(
        {"one model": 100, "path": 100, "final": 4.5, "error": 1.5, "best": 1.5, "along path": (1 + 2) / 2,
         "over seeds": np.sqrt(4.5)}
    )  # fmt: skip


@pytest.mark.parametrize("looks", [[], [0, 10], [10, 60]])
def test_refuses_checkpoints_outside_of_the_budget(looks):
    with pytest.raises(ValueError, match="checkpoints: got"):
        compare(coins(), methods(50), [0], 50, looks)


def test_refuses_half_a_batch():
    with pytest.raises(ValueError, match="got 12, but a batch costs 5"):
        compare(coins(), methods(50), [0], 50, [10, 12])
