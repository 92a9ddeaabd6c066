"""Registering models, data, orders, losses and metrics: names, what they are given, and what is refused by name."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from own_code import empty_registry
from torch.nn.functional import cross_entropy, huber_loss

import revorder as ro
from revorder.experiments import Config, build, estimate, load
from revorder.experiments.composing import order_of
from revorder.experiments.sources import source_of

E = ro.experiments
SMALL = {"steps": 12, "stride": 4, "seeds": 2, "width": 3}


@pytest.fixture(autouse=True)
def registry():
    with empty_registry():
        yield


def net(shape, classes, width):
    return torch.nn.Sequential(torch.nn.Linear(shape[0], width), torch.nn.Tanh(), torch.nn.Linear(width, classes))


def blobs():
    x = np.random.default_rng(0).normal(size=(60, 2))
    y = (x[:, 0] > 0).astype(np.int32) + (x[:, 1] > 0)
    return (x[:40], y[:40]), (x[40:], y[40:])


def plane(directory=None):
    x = torch.randn(60, 4)  # drawn from torch's generator, which is seeded around the call
    return (x[:40], x[:40].sum(1)), (x[40:], x[40:].sum(1))


class EvenFirst:
    def word(self, n):
        return (*reversed(range(0, n, 2)), *range(1, n, 2))


class Window:
    def __init__(self, width=2):
        self.width = width

    def word(self, n):
        old = max(n - self.width, 0)
        return (*range(old), *range(n - 1, old - 1, -1))


def everything():
    E.register_model("net", net)
    E.register_data("blobs", blobs)
    E.register_data("plane", plane)
    E.register_order("even-first", EvenFirst())
    E.register_order("window", Window)
    E.register_loss("huber", huber_loss)
    E.register_metric("sure", lambda outputs, targets: outputs.softmax(1).amax(1).mean())
    E.register_metric("norm", lambda params: sum((leaf**2).sum() for leaf in params.values()).sqrt())
    return Config("all", model="net", dataset="blobs", orders=("even-first", "window:3", "window", "forward"),
                  metrics=("sure", "norm"), precision="float64", **SMALL)  # fmt: skip


def test_a_problem_of_ones_own_is_the_plain_training_loop():
    config = everything()
    found = build(config, load(config), 1).run(order_of("even-first"), [3], engine="replay")
    assert found.order == "even-first"
    problem = build(config, load(config), 1)
    state = problem.start
    for number in (2, 0, 1):
        state = problem.update(state, problem.batches[number])
    params = state["params"]
    assert all(torch.allclose(found.state(3)["params"][name], leaf, atol=1e-12) for name, leaf in params.items())
    model = net((2,), 3, 3).double()
    model.load_state_dict(params)
    inputs, targets = (torch.as_tensor(part) for part in blobs()[1])
    outputs = model(inputs).detach()
    assert found.metrics["test loss"][0] == pytest.approx(cross_entropy(outputs, targets.long()).item())
    assert found.metrics["test sure"][0] == pytest.approx(outputs.softmax(1).amax(1).mean().item())
    assert found.metrics["norm"][0] == pytest.approx(
        torch.cat([leaf.flatten() for leaf in params.values()]).norm().item()
    )
    assert list(found.metrics)[-2:] == ["test sure", "norm"] and "train sure" in found.metrics


def test_every_seed_has_parameters_of_its_own_whoever_draws_them():
    everything()
    E.register_model("asked", lambda classes, width, seed: ro.models.mlp(2, width, classes, seed=seed))
    for name in ("net", "asked"):
        config = Config("seeds", model=name, dataset="blobs", **SMALL)
        starts = [build(config, load(config), seed).start["params"] for seed in (0, 1, 0)]
        first = [next(leaf for leaf in start.values() if leaf.ndim == 2) for start in starts]
        assert torch.equal(first[0], first[2]) and not torch.equal(first[0], first[1])
    assert torch.equal(load(Config("x", dataset="plane", loss="mse")).train[0],
                       load(Config("x", dataset="plane", loss="mse")).train[0])  # fmt: skip


def test_regression_has_no_accuracy_and_its_loss_no_unit():
    everything()
    for loss, formula in (("mse", torch.nn.functional.mse_loss), ("huber", huber_loss)):
        config = Config("plane", model="net", dataset="plane", loss=loss, lr=0.01, precision="float64", **SMALL)
        data = load(config)
        assert data.train[1].shape == (40, 1) and config.unit == ""
        found = build(config, data, 0).run("forward", [12])
        assert set(found.metrics) == {"train loss", "test loss"}
        model = net((4,), 1, 3).double()
        model.load_state_dict(found.state(12)["params"])
        assert found.metrics["test loss"][0] == pytest.approx(formula(model(data.test[0]), data.test[1]).item())


def test_orders_are_made_once_and_called_by_their_text():
    everything()
    window = order_of("window:3")
    assert str(window) == "window:3" and order_of("window:3") is window and str(order_of("window")) == "window"
    assert window.word(6) == ro.BackwardWindow(3).word(6) and order_of("even-first").word(5) == (4, 2, 0, 1, 3)
    assert order_of("backward-window:08") == ro.BackwardWindow(8)
    E.register_order("window", EvenFirst, replace=True)
    assert order_of("window").word(5) == (4, 2, 0, 1, 3)
    with pytest.raises(ValueError, match="cannot be made by EvenFirst"):
        order_of("window:3")
    with pytest.raises(ValueError, match="'even-first' takes no number"):
        order_of("even-first:2")
    E.register_order("none", lambda: 3)
    with pytest.raises(TypeError, match="made 3, but an order has word"):
        order_of("none")


def test_what_an_estimate_counts_is_what_a_run_makes(tmp_path):
    config = everything()
    price, folder = estimate(config), E.run(config, tmp_path / "r")
    assert price.evaluations == sum(line["evaluations"] for line in folder.card()["jobs"].values())
    assert {name for name, _ in folder.finished()} == set(config.orders)


def test_the_card_says_what_was_registered_and_the_digest_of_its_file(tmp_path):
    lines = {line["name"]: line for line in E.run(everything(), tmp_path / "r").card()["own"]}
    assert list(lines) == ["net", "blobs", "even-first", "window", "sure", "norm"]
    digest = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    assert {line["sha256"] for line in lines.values()} == {digest}
    assert lines["even-first"] == {
        "kind": "order", "name": "even-first", "object": "EvenFirst", "file": Path(__file__).name, "sha256": digest,
        "bound": "",
    }  # fmt: skip
    assert source_of(functools.partial(net, width=3)).name == "net" and source_of(len).sha256 is None


def test_a_name_belongs_to_one_thing():
    everything()
    everything()  # the same functions, and lambdas of the same lines, may come again
    with pytest.raises(ValueError, match="'net' is registered already, as net of .*replace=True"):
        E.register_model("net", blobs)
    with pytest.raises(ValueError, match="'sure' is registered already"):
        E.register_metric("sure", lambda outputs, targets: outputs.mean())
    with pytest.raises(ValueError, match="'w' is registered already"):
        for width in (2, 3):
            E.register_order("w", Window(width))
    _times(2.0)
    with pytest.raises(ValueError, match="'times' is registered already"):
        _times(3.0)  # of the same lines, but it closes over another number
    E.register_model("net", lambda: torch.nn.Linear(2, 3), replace=True)
    assert E.registered()["model"] == ["net"]


def _times(factor):
    E.register_metric("times", lambda outputs, targets: factor)


def test_unknown_names_are_answered_by_what_there_is():
    everything()
    for changes, message in [
        ({"model": "nett"}, "model: got 'nett'.*resnet18.*net,.*--import FILE.*did you mean 'net'"),
        ({"dataset": "blob"}, "did you mean 'blobs'"), ({"loss": "hubert"}, "did you mean 'huber'"),
        ({"metrics": ("sur",)}, "metrics: got 'sur'.*did you mean 'sure'"), ({"metrics": "sure"}, "list of texts"),
        ({"orders": ("windows:3",)}, "orders: got 'windows'.*did you mean 'window'"),
        ({"orders": ("window:3", "Window-3")}, "got 'Window-3'"), ({"metrics": ("sure", "sure")}, "only once"),
        ({"model": 3}, "model: got 3"), ({"model": "study.py:net"}, "is code.*--import study.py:net"),
    ]:  # fmt: skip
        with pytest.raises((ValueError, TypeError), match=message):
            Config("x", **changes)
    E.register_order("window-3", EvenFirst)
    with pytest.raises(ValueError, match="only once"):  # their files would be one
        Config("x", orders=("window:3", "window-3"))
