"""Loss and accuracy on test and training examples, from one forward pass; and folders from before they were there."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.experiments import Config, Folder, build, load, run, summaries
from revorder.experiments.measures import some
from revorder.running.measuring import Joint

SMALL = Config("small", "smoke", steps=12, stride=4, seeds=2, width=4, train_examples=200, test_examples=50,
               train_measured=30)  # fmt: skip
NAMES = ["train loss", "train accuracy", "test loss", "test accuracy"]


@pytest.fixture(scope="module")
def data():
    return load(SMALL)


def test_they_are_what_the_loss_and_the_largest_output_say(data):
    problem = build(SMALL, data, 0)
    assert list(problem.metrics) == NAMES
    found = problem.run("backward", [4, 12], engine="replay")
    model = ro.models.mlp(64, 4, 10, seed=0)
    rows = np.sort(np.random.default_rng(0).permutation(200)[:30])
    for place in range(2):
        params = {name: leaf[place] for name, leaf in found.states["params"].items()}
        for name, (inputs, targets) in {"test": data.test, "train": [part[rows] for part in data.train]}.items():
            outputs = torch.func.functional_call(model, params, (inputs,))
            assert found.metrics[f"{name} loss"][place] == pytest.approx(cross_entropy(outputs, targets).item())
            assert found.metrics[f"{name} accuracy"][place] == (outputs.argmax(1) == targets).double().mean().item()


@pytest.mark.parametrize("engine, passes", [("replay", 3), ("wavefront", 1)])
def test_one_pass_finds_all_of_them(data, engine, passes, monkeypatch):
    """A checkpoint at a time, or all in one batched call; each example goes through the model once."""
    problem, seen = build(SMALL, data, 0), []
    measures = problem.metrics["test loss"].function
    outputs = measures.outputs
    monkeypatch.setattr(measures, "outputs", lambda state, inputs: seen.append(len(inputs)) or outputs(state, inputs))
    problem.run("backward", SMALL.checkpoints, engine=engine)
    assert seen == [30, 50] * passes


def test_training_examples_are_the_same_for_all_seeds_and_never_more_than_there_are(data):
    inputs, targets = some(data.train, 30)
    assert all(torch.equal(a, b) for a, b in zip(some(data.train, 30), (inputs, targets), strict=True))
    assert len(some(data.train, 1000)[0]) == 200 and torch.equal(some(data.train, 1000)[1], data.train[1])
    assert not torch.equal(inputs, data.train[0][:30])  # drawn: files may be sorted
    for seed in (0, 1):
        measures = build(SMALL, data, seed).metrics["train loss"].function
        assert torch.equal(measures.parts["train"][1], targets)


def test_none_are_measured_where_none_are_asked_for(data, tmp_path):
    config = SMALL.replace(train_measured=0)
    assert list(build(config, data, 0).metrics) == NAMES[2:]
    frame = run(SMALL, tmp_path / "r").frame()
    assert sorted(set(frame.metric)) == sorted(NAMES) and len(frame) == 2 * 2 * 3 * 4
    with pytest.raises(ValueError, match="train_measured: got -1"):
        SMALL.replace(train_measured=-1)


def test_metrics_found_together_and_others_alone():
    calls = []

    def both(state):
        calls.append(1)
        return {"sum": state.sum(), "largest": state.max(), "unasked": state.min()}

    metrics = {"sum": Joint(both, "sum"), "first": lambda state: state[0], "largest": Joint(both, "largest")}
    batches = torch.tensor([[1.0, 2.0], [4.0, 3.0], [0.0, 8.0]])
    for engine in ("replay", "wavefront"):
        found = ro.run(lambda x, b: x + b, torch.zeros(2), batches, "backward", [1, 3], metrics=metrics, engine=engine,
                       progress=False)  # fmt: skip
        assert {name: values.tolist() for name, values in found.metrics.items()} == {
            "sum": [3.0, 18.0], "first": [1.0, 5.0], "largest": [2.0, 13.0]
        }  # fmt: skip
    assert len(calls) == 2 + 1 and metrics["sum"](torch.ones(2)) == 2.0


@pytest.mark.parametrize("wrong, error, message", [
    (lambda state: {"sum": None, "most": state.sum()}, TypeError, r"metrics\['sum'\]: it returned None"),
    (lambda state: {"sum": state, "most": state.sum()}, ValueError, r"metrics\['sum'\]: got shape \(2,\)"),
    (lambda state: {"most": state.sum()}, ValueError, r"metrics\['sum'\]: it failed at step 3"),
    (lambda state: {"sum": state.zero_().sum(), "most": state.sum()}, ValueError, "changed the state in place"),
])  # fmt: skip
def test_what_is_wrong_with_them_is_said(wrong, error, message):
    metrics = {name: Joint(wrong, name) for name in ("sum", "most")}
    with pytest.raises(error, match=message):
        ro.run(lambda x, b: x + b, torch.zeros(2), torch.ones(3, 2), "forward", [3], metrics=metrics, progress=False)


SHIPPED = sorted(found.parent for found in (ROOT / "notebooks" / "results").glob("*/config.json"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_folders_that_ship_can_be_read(path):
    results = summaries.read(Folder(path))
    assert results.runs and not results.unfinished
    assert {"test loss", "test accuracy"} <= set(Folder(path).frame().metric)


OLD = """{"revorder-config": 2, "name": "old", "profile": "smoke", "dataset": "digits", "model": "mlp", "width": 4,
"norm": "batch", "optimizer": "sgd", "lr": 0.1, "momentum": 0.0, "weight_decay": 0.0, "batch_size": 8, "steps": 12,
"stride": 4, "first": 1, "data_order": "reshuffle", "orders": ["forward", "backward"], "seeds": 1, "augment": false,
"engine": "replay", "precision": "float32", "train_examples": 200, "test_examples": 50, "records_per_file": 10000,
"parts": 1, "keep_states": false, "threads": 1}"""


def test_a_configuration_of_the_version_before_measures_what_it_did(tmp_path):
    old = Config.from_json(OLD)
    assert (old.train_measured, old.compile) == (0, False)
    assert Config.from_json(old.to_json()) == old and json.loads(old.to_json())["revorder-config"] == 4
    path = Path(tmp_path / "r")
    path.mkdir()
    (path / "config.json").write_text(OLD)
    folder = run(old, path, resume=True)
    assert set(folder.frame().metric) == {"test loss", "test accuracy"}
    assert (path / "config.json").read_text() == OLD


@pytest.mark.parametrize("version", ["1", "5", "2.0", "true", "[2]", '"2"'])
def test_other_versions_are_refused(version):
    with pytest.raises(ValueError, match="has version .*, but this package reads versions 2, 3 and 4"):
        Config.from_json(OLD.replace('"revorder-config": 2', f'"revorder-config": {version}'))
