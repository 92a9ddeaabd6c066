"""Methods at an equal budget: the comparison against direct runs, and against closed forms on one number."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

import revorder as ro
from revorder.experiments.budget import COLUMNS, Method, choose, coins, compare, digits, methods, paired
from revorder.updates import comparators

LOOKS = [20, 60, 100]


def direct(setting, method, lr, seed, budget, looks, metric):
    """The same method run on its own, state by state, without the wavefront."""
    update = method.update(setting.loss, lr)
    batches = setting.batches(seed, budget // method.factor, method.factor)
    run = ro.run(update, update.init(setting.start(seed)), batches, method.order, [n // method.factor for n in looks],
                 engine="replay", progress=False)  # fmt: skip
    return [float(setting.metrics[metric](update.params(run.state(n)))) for n in run.steps]


@pytest.mark.parametrize("make, metric", [(coins, "theta"), (digits, "test loss")])
def test_every_method_equals_a_direct_run(make, metric):
    setting, chosen = make(), methods(100)
    frame = compare(setting, chosen, [3, 5], 100, LOOKS, [0.1, 0.3])
    assert list(frame.columns) == COLUMNS
    assert len(frame) == len(chosen) * 2 * 2 * len(LOOKS)
    values = frame.pivot_table("value", ["method", "lr", "seed"], "evaluations")
    for name, method in chosen.items():
        for lr, seed in ((0.1, 3), (0.3, 5)):
            assert values.loc[(name, lr, seed)].tolist() == pytest.approx(
                direct(setting, method, lr, seed, 100, LOOKS, metric), rel=1e-9
            )
    assert len({round(value, 9) for value in values[100]}) == len(values)  # no two methods or rates are the same


def test_without_a_grid_the_rate_is_the_settings_own():
    frame = compare(coins(0.2), {"forward": Method()}, [0], 20, [20])
    assert frame["lr"].tolist() == [0.2]
    assert frame["value"].tolist() == compare(coins(), {"forward": Method()}, [0], 20, [20], [0.2])["value"].tolist()


def test_the_methods_are_what_they_are_called_and_all_get_the_rate_as_it_is():
    loss, update = (lambda theta, x: 0.5 * (theta - x) ** 2), {}
    update = {name: method.update(loss, 0.1) for name, method in methods(200).items()}
    assert update["backward"] == update["forward"] == update["window"] == update["blocks"] == ro.sgd(loss, 0.1)
    assert methods(200)["window"].order == "backward-window:4" and methods(200)["blocks"].order == "backward-blocks:20"
    assert update["5x batches"] == ro.sgd(loss, 0.1) and methods(200)["5x batches"].factor == 5
    assert update["SWA"].update == update["EMA"].update == ro.sgd(loss, 0.1) and update["SWA"].burn_in == 100
    assert update["EMA"].burn_in == 0
    zero, one = torch.zeros(()), torch.ones(())
    assert float(update["EMA"].average(zero, one, 9)) == pytest.approx(0.02)
    assert float(update["SWA"].average(zero, one, 9)) == pytest.approx(0.1)
    assert update["LAWA"] == comparators.lawa(ro.sgd(loss, 0.1), 10, 4)
    assert update["decay"] == comparators.decayed_sgd(loss, 0.1, 200)
    assert update["schedule-free"] == comparators.schedule_free(loss, 0.1)


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
    frame = compare(coins(0.2), chosen, range(800), 200, [200])
    errors = frame.assign(value=(frame["value"] - 0.5) ** 2).groupby("method")["value"]
    exact = {
        "backward": ro.theory.stationary_variance(0.2, 0.25),
        "forward": ro.theory.stationary_variance(0.2, 0.25),
        "5x batches": ro.theory.stationary_variance(0.2, 0.25 / 5),
        "SWA": ro.theory.averaged_variance(0.2, 100, 0.25),
    }
    for name, value in exact.items():
        assert abs(errors.mean()[name] - value) < 4 * errors.sem()[name]


def test_parts_of_the_test_images_make_up_the_whole():
    first, rest, whole = (digits(images=images) for images in (slice(197), slice(197, None), slice(None)))
    losses = [float(each.metrics["test loss"](whole.start(0))) for each in (first, rest, whole)]
    assert losses[2] == pytest.approx((197 * losses[0] + 200 * losses[1]) / 397)
    assert abs(losses[0] - losses[1]) > 1e-4


def made(values):
    """A frame of (method, rate) -> values at the last checkpoint, one for each seed; before it, all are 9."""
    rows = [(name, lr, seed, n, "loss", value if n == 100 else 9.0) for (name, lr), every in values.items()
            for seed, value in enumerate(every) for n in (50, 100)]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def test_the_rate_of_the_smallest_mean_is_chosen_and_no_diverged_one():
    values = {("b", 0.1): [3, 3], ("b", 0.2): [1, 4], ("b", 0.4): [0, np.nan], ("a", 0.1): [1, 1], ("a", 0.2): [2, 2],
              ("a", 0.4): [5, 5]}  # fmt: skip
    assert choose(made(values), "loss") == {"b": 0.2, "a": 0.1}
    assert list(choose(made(values), "loss")) == ["b", "a"]


def test_differences_are_paired_by_seed():
    shared = np.array([0.0, 10.0, 20.0, 30.0])
    values = {("a", 0.1): shared + [1, 2, 1, 2], ("b", 0.2): shared, ("a", 0.2): 100 + shared}
    rows = paired(made(values), "loss", {"a": 0.1, "b": 0.2}, "b")
    low, high = stats.ttest_rel(values["a", 0.1], values["b", 0.2]).confidence_interval()
    assert rows.loc["a"].tolist() == pytest.approx([0.1, 16.5, 1.5, low, high, 0])
    assert rows.loc["b"].tolist() == [0.2, 15.0, 0.0, 0.0, 0.0, 0] and list(rows.index) == ["a", "b"]
    assert paired(made(values), "loss", {"a": 0.1, "b": 0.2}, "a").loc["b", "better"] == 4


def test_a_rate_that_diverges_is_marked():
    chosen = {name: methods(100)[name] for name in ("forward", "EMA")}
    frame = compare(coins(), chosen, [0, 1], 100, [100], [0.1, 1e6])
    assert frame["value"].isna().tolist() == (frame["lr"] > 1).tolist()
    assert choose(frame, "theta") == {"forward": 0.1, "EMA": 0.1}


@pytest.mark.parametrize("looks", [[], [0, 10], [10, 60]])
def test_refuses_checkpoints_outside_of_the_budget(looks):
    with pytest.raises(ValueError, match="checkpoints: got"):
        compare(coins(), methods(50), [0], 50, looks)


def test_refuses_half_a_batch():
    with pytest.raises(ValueError, match="got 12, but a batch costs 5"):
        compare(coins(), methods(50), [0], 50, [10, 12])


@pytest.mark.parametrize("none", [{"chosen": {}}, {"seeds": []}, {"rates": []}])
def test_refuses_to_compare_nothing(none):
    given = {"chosen": {"forward": Method()}, "seeds": [0], "budget": 4, "checkpoints": [4]} | none
    with pytest.raises(ValueError, match=f"{next(iter(none))}: got none"):
        compare(coins(), **given)
