"""A run goes on with what it was begun with: not with another function of the same text, whatever makes it another."""

from __future__ import annotations

import os
import threading
import types

import numpy as np
import pytest
import torch
from own_code import empty_registry
from same_text import MADE, Window, blobs, net

import revorder as ro
from revorder.experiments import Config, Folder, StoppedError, jobs, run
from revorder.experiments.own import entries

E = ro.experiments
SIZE = {"model": "net", "dataset": "blobs", "steps": 8, "stride": 4, "seeds": 1, "width": 3}


@pytest.fixture(autouse=True)
def registry():
    with empty_registry():
        E.register_data("blobs", blobs)
        E.register_model("net", net)
        yield


AGAIN = {"metric": "metrics", "model": "model", "loss": "loss", "order": "orders"}


def begun(kind, thing, path):
    """A run of which a job was finished and another lost."""
    E.register_data("blobs", blobs)
    {"metric": E.register_metric, "model": E.register_model, "loss": E.register_loss,
     "order": E.register_order}[kind]("own", thing, replace=True)  # fmt: skip
    value = {"metrics": ("own",), "orders": ("own", "forward")}.get(AGAIN[kind], "own")
    config = Config("x", **SIZE | {AGAIN[kind]: value})
    run(config, path)
    Folder(path).result(jobs(config)[0]).unlink()
    return config


@pytest.mark.parametrize(("kind", "place"), [("metric", 0), ("metric", 2), ("model", 0), ("loss", 0), ("order", 0)])
def test_another_of_the_same_text_is_refused(tmp_path, kind, place):
    config = begun(kind, MADE[kind][place](0.5), tmp_path / "r")
    own = entries[kind, "own"]
    register = getattr(E, f"register_{kind}")
    with pytest.raises(ValueError, match="registered already"):
        register("own", MADE[kind][place](0.6))
    register("own", MADE[kind][place](0.6), replace=True)
    with pytest.raises(ValueError, match=f"own: {kind} 'own' is not what this .*but other values are bound to it"):
        run(config, tmp_path / "r", resume=True)
    entries[kind, "own"] = own
    assert len(run(config, tmp_path / "r", resume=True).finished()) == 2


READ = {
    "metric": (lambda outputs, targets: outputs.abs().pow(float(os.environ["Q"])).mean(), "'train own' is .* at the s"),
    "loss": (lambda outputs, targets: torch.nn.functional.cross_entropy(outputs, targets) * float(os.environ["Q"]),
             "metrics: 'train loss' is "),
    "order": (
        types.SimpleNamespace(word=lambda n: Window(int(10 * float(os.environ["Q"]))).word(n)), "'own' has other words",
    ),
}  # fmt: skip
MODELS = {
    "hidden": ("0.1", "0.2", "names or shapes"), "scale": ("0.5", "0.6", "begins with other parameters"),
    "rate": ("0.5", "0.6", "the first step of 'own' .* leads elsewhere"),
}  # fmt: skip


def refused(tmp_path, monkeypatch, kind, thing, message, values=("0.5", "0.6")):
    monkeypatch.setenv("Q", values[0])
    config = begun(kind, thing, tmp_path / "r")
    monkeypatch.setenv("Q", values[1])
    with pytest.raises(ValueError, match=f"{message}.* than for .*must not be mixed"):
        run(config, tmp_path / "r", resume=True)
    monkeypatch.setenv("Q", values[0])
    assert len(run(config, tmp_path / "r", resume=True).finished()) == 2


@pytest.mark.parametrize("kind", READ)
def test_what_no_digest_knows_shows_at_the_start(tmp_path, monkeypatch, kind):
    refused(tmp_path, monkeypatch, kind, *READ[kind])


@pytest.mark.parametrize("name", MODELS)
def test_so_does_another_model(tmp_path, monkeypatch, name):
    def make(shape, classes, width):
        value = float(os.environ["Q"])
        return net(shape, classes, width, **{name: int(20 * value) if name == "hidden" else value})

    *values, message = MODELS[name]
    refused(tmp_path, monkeypatch, "model", make, message, values)


def test_a_snapshot_knows_how_its_job_began(tmp_path, monkeypatch):
    """No job has been finished that could tell."""
    E.register_metric("own", READ["metric"][0])
    config, stop = Config("x", **SIZE, metrics=("own",)), threading.Event()
    monkeypatch.setenv("Q", "0.5")
    with pytest.raises(StoppedError):
        run(config, tmp_path / "r", stop=stop, watcher=lambda progress: stop.set())
    monkeypatch.setenv("Q", "0.6")
    with pytest.raises(ValueError, match="'train own' is .* than for forward-seed0"):
        run(config, tmp_path / "r", resume=True)
    monkeypatch.setenv("Q", "0.5")
    assert len(run(config, tmp_path / "r", resume=True).finished()) == 2


def test_what_does_not_repeat_itself_is_not_compared(tmp_path):
    drawn = np.random.default_rng()
    config = begun("metric", lambda outputs, targets: float(drawn.normal()), tmp_path / "r")
    assert len(run(config, tmp_path / "r", resume=True).finished()) == 2


def test_folders_from_before_go_on(tmp_path):
    """Their cards say nothing of what was bound, and of beginnings."""
    config = begun("metric", MADE["metric"][0](0.5), tmp_path / "r")
    folder = Folder(tmp_path / "r")
    card = folder.card()
    card["own"] = [{name: text for name, text in line.items() if name != "bound"} for line in card["own"]]
    card["jobs"] = {name: {key: value for key, value in line.items() if key != "begins"}
                    for name, line in card["jobs"].items()}  # fmt: skip
    folder.summarise(card)
    assert len(run(config, tmp_path / "r", resume=True).finished()) == 2
