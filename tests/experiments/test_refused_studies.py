"""What somebody registered and what does not fit: refused by name, before anything is trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from own_code import empty_registry
from torch.nn.functional import huber_loss

import revorder as ro
from revorder.experiments import Config, Folder, build, load, registered, run

E = ro.experiments
X, CLASSES = torch.zeros(6, 2), torch.tensor([0, 1, 2, 0, 1, 2])


@pytest.fixture(autouse=True)
def registry():
    with empty_registry():
        yield


def linear(shape, classes):
    return torch.nn.Linear(shape[0], classes)


def own(load_=lambda: ((X, CLASSES), (X, CLASSES)), make=linear, loss="cross-entropy", **fields):
    E.register_data("mine", load_)
    E.register_model("made", make)
    return Config("x", model="made", dataset="mine", loss=loss, steps=4, stride=2, batch_size=2, **fields)


@pytest.mark.parametrize(("found", "message"), [
    (3, r"must return \(\(inputs, targets\)"), ((X, CLASSES), r"must return \(\("),
    (((X, CLASSES), (X, CLASSES), (X, CLASSES)), "must return"),
    (((X, CLASSES[:3]), (X, CLASSES)), "as many targets as inputs"), (((X[:0], CLASSES[:0]), (X, CLASSES)), "one at l"),
    (((X, CLASSES), (X[:, :1], CLASSES)), "must be alike"), (((X, CLASSES), (X, CLASSES.double())), "must be alike"),
    (((X, CLASSES - 1), (X, CLASSES)), "a class below 0"), (((X / 0, CLASSES), (X, CLASSES)), "not finite"),
    (((X.byte(), CLASSES), (X.byte(), CLASSES)), "torch.uint8.*scale pixels"),
    (((np.array(["a"] * 6), CLASSES), (X, CLASSES)), "must return"),
])  # fmt: skip
def test_examples_of_another_form(found, message):
    with pytest.raises(ValueError, match=f"dataset: .*'mine'.*{message}"):
        load(own(lambda: found))


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda: 3, TypeError, "made 3, but it must make a torch.nn.Module"),
    (lambda: torch.nn.LazyLinear(3), ValueError, "has lazy layers"),
    (lambda: torch.nn.Linear(5, 3), ValueError, r"made cannot take inputs \(4, 2\) of mine"),
    (lambda: torch.nn.Linear(2, 2), ValueError, r"outputs \(4, 2\) for targets \(4,\).*an output for each"),
    (lambda: torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Flatten(0)), ValueError, r"outputs \(12,\)"),
    (lambda: torch.nn.GRU(2, 3), TypeError, "returned tuple, but one tensor of reals is needed"),
])  # fmt: skip
def test_models_of_another_form(make, error, message):
    config = own(make=make)
    with pytest.raises(error, match=message):
        build(config, load(config), 0)


REAL = lambda: ((X, X[:, 0]), (X, X[:, 0]))  # noqa: E731


@pytest.mark.parametrize(("data", "criterion", "error", "message"), [
    (REAL, "cross-entropy", ValueError, "cross-entropy needs classes"),
    (lambda: ((X, CLASSES), (X, CLASSES)), "mse", ValueError, "mse needs real targets"),
    (REAL, lambda outputs, targets: outputs - targets, TypeError, "must return a scalar tensor"),
    (REAL, lambda outputs, targets: 0.5, TypeError, "must return a scalar tensor"),
    (REAL, lambda outputs, targets: outputs @ targets, ValueError, "odd failed where made gave outputs"),
])  # fmt: skip
def test_losses_that_do_not_fit(data, criterion, error, message):
    if not isinstance(criterion, str):
        E.register_loss("odd", criterion)
    config = own(data, loss=criterion if isinstance(criterion, str) else "odd")
    with pytest.raises(error, match=message):
        build(config, load(config), 0)


def test_a_broadcast_loss_is_refused():
    """Outputs (B,) against targets (B, 1) would make a loss of (B, B): a mistake that torch only warns of."""
    config = own(REAL, make=lambda: torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.Flatten(0)), loss="mse")
    with pytest.raises(ValueError, match=r"outputs \(4,\) for targets \(4, 1\)"):
        build(config, load(config), 0)


@pytest.mark.parametrize(("fields", "message"), [
    ({"dataset": "digits", "loss": "mse"}, "digits has classes"),
    ({"model": "transformer", "dataset": "mine"}, "need each other"),
    ({"model": "made", "augment": True}, "crops and flips"),
    ({"model": "resnet18", "dataset": "mine", "augment": True}, "crops and flips"),
])  # fmt: skip
def test_fields_that_do_not_go_together(fields, message):
    own()
    with pytest.raises(ValueError, match=message):
        Config("x", **fields)


def test_names_like_ours_are_not_taken_for_ours():
    """Neither the threads of a ResNet, nor the files of CIFAR."""
    E.register_model("resnet-mine", linear)
    E.register_data("cifar-mine", lambda: ((X, CLASSES), (X, CLASSES)))
    config = Config("x", model="resnet-mine", dataset="cifar-mine", steps=4, stride=2, batch_size=2)
    assert config.threads == 1 and load(config).name == "cifar-mine"
    with pytest.raises(ValueError, match="crops and flips"):
        config.replace(augment=True)


def test_a_loader_must_return_the_same_again(tmp_path):
    drawn = np.random.default_rng()
    config = own(lambda: ((torch.from_numpy(drawn.normal(size=(6, 2))), CLASSES), (X.double(), CLASSES)), seeds=1)
    run(config.replace(orders=("forward",)), tmp_path / "whole")  # loaded once
    path = tmp_path / "r"
    run(config, path)
    Folder(path).result(E.jobs(config)[1]).unlink()
    with pytest.raises(ValueError, match="'mine' has other examples than for .*-seed0; load must return the same"):
        run(config, path, resume=True)


def test_a_directory_is_given_where_it_is_asked_for(tmp_path, monkeypatch):
    torch.save((X, CLASSES), tmp_path / "all.pt")
    monkeypatch.delenv("REVORDER_DATA", raising=False)

    def from_files(directory):
        part = torch.load(directory / "all.pt")
        return part, part

    config = own(from_files)
    assert torch.equal(load(config, tmp_path).train[1], CLASSES)
    monkeypatch.setenv("REVORDER_DATA", str(tmp_path))
    assert torch.equal(load(config).test[1], CLASSES)


def test_tokens_are_for_models_of_ones_own():
    layers = torch.nn.Embedding, torch.nn.Linear
    E.register_model("bag", lambda classes: torch.nn.Sequential(layers[0](classes, 4), layers[1](4, classes)))
    config = Config("x", model="bag", dataset="austen", steps=4, stride=2, train_examples=40, test_examples=10)
    found = build(config, load(config), 0).run("backward", [4])
    assert set(found.metrics) == {"train loss", "train accuracy", "test loss", "test accuracy"}


@pytest.mark.parametrize(("register", "name", "thing", "error", "message"), [
    (E.register_model, "mlp", linear, ValueError, "a model of this package"),
    (E.register_order, "backward", ro.Backward, ValueError, "an? order of this package"),
    (E.register_data, "digits", linear, ValueError, "of this package"),
    (E.register_loss, "mse", huber_loss, ValueError, "of this package"),
    (E.register_metric, "accuracy", huber_loss, ValueError, "of this package"),
    (E.register_model, "../net", linear, ValueError, "letters, digits"),
    (E.register_model, "os:system", linear, ValueError, "letters, digits"),
    (E.register_order, "", ro.Backward, ValueError, "letters, digits"),
    (E.register_model, 3, linear, ValueError, "letters, digits"),
    (E.register_model, "new", 3, TypeError, "make: got 3"),
    (E.register_model, "new", lambda depth: 0, TypeError, "asks for 'depth'.*shape, classes, width, seed"),
    (E.register_model, "new", lambda shape, /: 0, TypeError, "asks for 'shape'"),
    (E.register_data, "new", lambda folder: 0, TypeError, "asks for 'folder'.*directory"),
    (E.register_loss, "new", lambda outputs: 0, TypeError, "a function of outputs and targets"),
    (E.register_metric, "new", lambda a, b, c: 0, TypeError, "or of params alone"),
    (E.register_order, "new", 3, TypeError, "order: got 3"),
])  # fmt: skip
def test_what_cannot_be_registered(register, name, thing, error, message):
    with pytest.raises(error, match=message):
        register(name, thing)
    assert not registered()
