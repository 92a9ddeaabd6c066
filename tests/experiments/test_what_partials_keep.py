"""What somebody bound to a function before registering it is kept: the configuration offers only what is left."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
import torch
from own_code import empty_registry

import revorder as ro
from revorder.experiments import Config, asking, build, load

E = ro.experiments
X, Y = torch.randn(6, 2), torch.tensor([0, 1, 2, 0, 1, 2])


@pytest.fixture(autouse=True)
def registry():
    with empty_registry():
        yield


def net(shape, classes=3, width=5, seed=0):
    torch.manual_seed(seed)
    return torch.nn.Sequential(torch.nn.Linear(shape[0], width), torch.nn.Tanh(), torch.nn.Linear(width, classes))


def of_any(shape, **sizes):
    return net(shape, **sizes)


class Net(torch.nn.Sequential):
    def __init__(self, shape, classes, width):
        super().__init__(*net(shape, classes, width))


def wrapped(made):
    @functools.wraps(made)
    def call(*given, **named):
        return made(*given, **named)

    return call


part = functools.partial
KEPT = {
    "keyword": part(net, width=64), "again": part(part(net, seed=1), width=64), "of a class": part(Net, width=64),
    "behind a wrapper": wrapped(part(net, width=64)), "of any": part(of_any, width=64),
    "of a wrapper": part(wrapped(net), width=64), "of a lambda": part(lambda width, shape: net(shape, width=width), 64),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
def test_a_bound_width_is_that_of_the_net(name):
    E.register_data("mine", lambda: ((X, Y), (X, Y)))
    E.register_model("made", KEPT[name])
    config = Config("x", model="made", dataset="mine", width=32, batch_size=2, steps=4, stride=2)
    params = build(config, load(config), 0).start["params"]
    assert {leaf.shape[0] for leaf in params.values()} == {64, 3}


def test_so_are_seed_classes_shape_and_directory():
    given = {"shape": (2,), "classes": 3, "width": 4, "seed": 5}
    for field, value in {"seed": 9, "classes": 7, "shape": (8,)}.items():
        kept = asking.call("model", part(lambda **named: named, **{field: value}), given)
        assert kept == given | {field: value}
    assert asking.call("model", part(of_any, (8,)), given)[0].in_features == 8
    assert (
        asking.call("dataset", part(lambda directory: directory, directory="here"), {"directory": Path("x")}) == "here"
    )


def test_what_nobody_bound_is_the_configurations():
    given = {"shape": (2,), "classes": 3, "width": 4, "seed": 5}
    assert asking.call("model", net, given)[0].out_features == 4  # a default is no binding

    @functools.wraps(part(net, width=64))
    def doubled(shape, classes, width, seed):
        return net(shape, classes, 2 * width, seed)

    assert asking.call("model", doubled, given)[0].out_features == 8  # it names the width itself
