"""Runs of many seeds on disk, and tables whose columns tell methods and seeds apart."""

from __future__ import annotations

import json
import os

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch
from coins import ZERO, halfway
from family import same_bits

import revorder as ro
from revorder.trajectories import storage

TOSSES = torch.randint(2, (4, 6), generator=torch.Generator().manual_seed(0)).double()


def made(order="shuffled:7", **options):
    metrics = {"θ": lambda theta: theta, "above": lambda theta: theta > 0.5}
    return ro.run_seeds(halfway, ZERO, TOSSES, order, [6, 2, 6], metrics=metrics, progress=False, **options)


@pytest.mark.parametrize("options", [{}, {"keep_states": False}], ids=str)
def test_save_and_load(options, tmp_path):
    runs = made(**options)
    runs.save(tmp_path / "runs")
    loaded = ro.SeedRuns.load(str(tmp_path / "runs"))
    assert [getattr(loaded, name) for name in ("order", "steps", "cost", "engine", "provenance")] == [
        getattr(runs, name) for name in ("order", "steps", "cost", "engine", "provenance")
    ]
    assert loaded.states is None if runs.states is None else same_bits(loaded.states, runs.states)
    assert loaded.frame().equals(runs.frame()) and loaded.metrics["θ"].dtype == np.float64
    assert [file.name for file in tmp_path.iterdir()] == ["runs"]


def test_says_what_it_depends_on():
    assert made().provenance == ro.provenance(order=7)


def test_nan_and_pytrees_survive(tmp_path):
    states = {"a": [torch.rand(2, 3, 4), (torch.arange(6).reshape(2, 3).bool(),)], 3: torch.rand(2, 3).bfloat16()}
    metrics = {"m": np.array([[1, np.nan, -np.inf], [0.1, 2, 5e-324]])}
    ro.SeedRuns("mine", [1, 2], states, metrics, 3, "").save(tmp_path / "runs")
    loaded = ro.SeedRuns.load(tmp_path / "runs")
    assert np.array_equal(loaded.metrics["m"], metrics["m"], equal_nan=True)
    assert same_bits(loaded.states, states) and loaded.states["a"][1][0].dtype == torch.bool


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    made().save(tmp_path / "runs")
    before = (tmp_path / "runs").read_bytes()

    def full(number):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        made("backward").save(tmp_path / "runs")
    assert (tmp_path / "runs").read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_trajectories_and_seed_runs_are_not_taken_for_each_other(tmp_path):
    made().save(tmp_path / "runs")
    ro.run(halfway, ZERO, TOSSES[0], "forward", [2], progress=False).save(tmp_path / "run")
    for kind, other in ((ro.Trajectory, "runs"), (ro.SeedRuns, "run")):
        with pytest.raises(ValueError, match=f"path: .*{other} cannot be read as .*its format is"):
            kind.load(tmp_path / other)


METRICS = {"m": torch.zeros(2, 3, dtype=torch.float64)}


def damaged(about=None, tree=None, metrics=None, states=None):
    """A file of two checkpoints and three seeds, with something changed."""
    about = {"order": "forward", "steps": [1, 2], "cost": 1, "engine": "", "provenance": {}} | (about or {})
    tensors = {**(METRICS if metrics is None else metrics), "s": torch.zeros(2, 3, 4) if states is None else states}
    named = {"dict": [[name, name] for name in tensors if name != "s"]}
    tree = {"dict": [["metrics", named], ["states", "s"]]} if tree is None else tree
    header = {"format": storage.SEED_RUNS, "tree": tree, "about": about}
    return safetensors.torch.save(tensors, metadata={"revorder": json.dumps(header)})


@pytest.mark.parametrize(
    "content",
    [
        damaged()[:-1],
        damaged(about={"steps": [1]}),
        damaged(about={"steps": [0, 1]}),
        damaged(about={"steps": ["1", "2"]}),
        damaged(about={"cost": -1}),
        damaged(about={"cost": True}),
        damaged(about={"order": 3}),
        damaged(about={"provenance": []}),
        damaged(about={"metrics": {}}),
        damaged(tree="m"),
        damaged(tree={"list": ["m", "s"]}),
        damaged(tree={"dict": [["states", "s"]]}),
        damaged(tree={"dict": [["metrics", "m"]]}),
        damaged(tree={"dict": [["metrics", {"dict": [["m", {"list": ["m"]}]]}]]}),
        damaged(tree={"dict": [["metrics", {"dict": [[3, "m"]]}]]}),
        damaged(tree={"dict": [["metrics", {"dict": [["m", "m"]]}], ["states", "s"], ["more", "s"]]}),
        damaged(metrics={"m": torch.zeros(2, 3)}),
        damaged(metrics={"m": torch.zeros(2, dtype=torch.float64)}),
        damaged(metrics={"m": torch.zeros(2, 3, 1, dtype=torch.float64)}),
        damaged(metrics={**METRICS, "n": torch.zeros(2, 4, dtype=torch.float64)}),
        damaged(states=torch.zeros(2, 4)),
        damaged(states=torch.zeros(2)),
        damaged(states=torch.zeros(())),
    ],
)
def test_a_damaged_or_foreign_file_is_refused(content, tmp_path):
    (tmp_path / "runs").write_bytes(content)
    with pytest.raises(ValueError, match="path: .* cannot be read as"):
        ro.SeedRuns.load(tmp_path / "runs")


def test_the_undamaged_file_of_that_test_loads(tmp_path):
    (tmp_path / "runs").write_bytes(damaged())
    assert ro.SeedRuns.load(tmp_path / "runs").metrics["m"].shape == (2, 3)


def test_frames_of_several_methods_and_seeds_are_told_apart():
    path = ro.run(halfway, ZERO, TOSSES[0], "forward", [2, 6], metrics={"θ": float}, progress=False)
    runs = made("forward")
    frame = pd.concat([path.frame(method="alone", seed=0), runs.frame(method="together")], ignore_index=True)
    assert list(frame.columns) == ["method", "seed", "order", "step", "metric", "value"]
    assert frame.groupby("method").size().to_dict() == {"alone": 2, "together": 4 * 3 * 2}
    of = lambda method: frame.query("method == @method and seed == 0 and metric == 'θ' and step == 6").value.iloc[0]
    assert of("alone") == of("together")
    assert list(path.frame(lr=0.5, method="a").columns) == ["lr", "method", "order", "step", "metric", "value"]


def test_columns_without_rows_and_of_any_value():
    empty = ro.run(halfway, ZERO, TOSSES[0], "forward", [2], progress=False).frame(method="a", seed=3)
    assert len(empty) == 0 and list(empty.columns)[:2] == ["method", "seed"]
    assert made().frame(rates=(0.1, 0.2))["rates"].iloc[0] == (0.1, 0.2)


@pytest.mark.parametrize("name", ["order", "step", "metric", "value"])
def test_columns_that_are_there_are_refused(name):
    for found in (made(), ro.run(halfway, ZERO, TOSSES[0], "forward", [2], progress=False)):
        with pytest.raises(ValueError, match=f"columns: got '{name}', but the frame has this column already"):
            found.frame(**{name: 1})
    with pytest.raises(ValueError, match="columns: got 'seed'"):
        made().frame(seed=1)
