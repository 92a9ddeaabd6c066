from __future__ import annotations

import json
import os
import pickle

import numpy as np
import pytest
import safetensors.torch
import torch
from family import CASES, distance, plain, run, same_bits
from hypothesis import given
from hypothesis import strategies as st

import revorder as ro
from revorder.trajectories import storage


@pytest.fixture
def made():
    case = CASES["Adam"]()
    metrics = {"loss": lambda state: case.update.loss(state["params"], case.batches[0]), "step": lambda s: s["step"]}
    return run(case, "backward", [4, 2, 4], metrics=metrics)


def test_what_comes_back(made):
    assert made.order == "backward"
    assert made.steps == [4, 2, 4]
    assert made.metrics["step"].tolist() == [4, 2, 4]
    assert made.states["step"].tolist() == [4, 2, 4]
    assert made.state(2)["step"] == 2
    assert made.cost == 6
    with pytest.raises(KeyError, match="got 3"):
        made.state(3)


def test_frame_is_tidy(made):
    frame = made.frame()
    assert list(frame.columns) == ["order", "step", "metric", "value"]
    assert len(frame) == 6
    steps = frame[frame.metric == "step"]
    assert (steps.value == steps.step).all()
    assert (frame.order == "backward").all()


def test_frame_without_metrics_is_empty_but_has_its_columns():
    frame = run(plain(), "forward", [1]).frame()
    assert list(frame.columns) == ["order", "step", "metric", "value"]
    assert len(frame) == 0


def test_record_chooses_what_is_kept_and_metrics_see_the_state():
    case = CASES["momentum"]()
    options = {"metrics": {"norm": lambda state: state["params"]["1.weight"].norm()}}
    kept = lambda state: (state["params"]["1.weight"].sum(), {"bias": state["params"]["1.bias"]})
    for engine in ("replay", "wavefront"):
        whole = run(case, "backward", [3, 5], engine=engine, **options)
        part = run(case, "backward", [3, 5], engine=engine, record=kept, **options)
        assert torch.allclose(part.states[0], whole.states["params"]["1.weight"].sum((1, 2)), rtol=1e-12)
        assert torch.equal(part.states[1]["bias"], whole.states["params"]["1.bias"])
        assert np.allclose(part.metrics["norm"], whole.metrics["norm"], rtol=0, atol=1e-12)


def test_save_and_load(made, tmp_path):
    path = tmp_path / "run.safetensors"
    made.save(path)
    loaded = ro.Trajectory.load(path)
    assert same_bits(loaded.states, made.states)
    assert (loaded.order, loaded.steps, loaded.cost, loaded.engine) == (
        made.order, made.steps, made.cost, made.engine
    )  # fmt: skip
    assert loaded.frame().equals(made.frame())
    assert [file.name for file in tmp_path.iterdir()] == ["run.safetensors"]


leaf = st.sampled_from([torch.float32, torch.float64, torch.int64, torch.bool, torch.bfloat16]).map(
    lambda dtype: torch.arange(6).reshape(2, 3).to(dtype)
)
trees = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(max_size=3), st.integers(0, 9)), inner, max_size=3),
    ),
    max_leaves=6,
)


@given(trees)
def test_any_pytree_survives_the_disk(tmp_path_factory, tree):
    path = tmp_path_factory.mktemp("tree") / "t.safetensors"
    ro.Trajectory("mine", [1, 2], tree, {"m": np.array([1.0, np.nan])}, 3, "replay").save(path)
    loaded = ro.Trajectory.load(path)
    flat, spec = torch.utils._pytree.tree_flatten(loaded.states)
    expected, expected_spec = torch.utils._pytree.tree_flatten(tree)
    assert spec == expected_spec
    assert all(a.dtype == b.dtype and torch.equal(a, b) for a, b in zip(flat, expected, strict=True))
    assert np.isnan(loaded.metrics["m"][1])


def test_a_shared_or_strided_tensor_can_be_saved(tmp_path):
    base = torch.arange(12.0).reshape(2, 6)
    ro.Trajectory("mine", [1, 2], [base, base[:, ::2]], {}, 3, "").save(tmp_path / "t")
    assert torch.equal(ro.Trajectory.load(tmp_path / "t").states[1], base[:, ::2])


@pytest.mark.parametrize("states", [{"a": 3}, {1.5: torch.ones(1)}, [None], {("a",): torch.ones(1)}])
def test_what_cannot_be_saved(states, tmp_path):
    with pytest.raises(TypeError, match="states: got"):
        ro.Trajectory("mine", [1], states, {}, 1, "").save(tmp_path / "t")
    assert list(tmp_path.iterdir()) == []


def damaged(about=None, spec=None, tensors=None, form=storage.TRAJECTORY):
    about = {"order": "forward", "steps": [1], "metrics": {}, "cost": 1, "engine": ""} | (about or {})
    header = {"format": form, "tree": spec if spec is not None else "0", "about": about}
    return safetensors.torch.save(tensors or {"0": torch.ones(1)}, metadata={"revorder": json.dumps(header)})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a file of ours",
        pickle.dumps({"a": 1}),
        damaged()[:-2],
        safetensors.torch.save({"0": torch.ones(1)}),
        safetensors.torch.save({"0": torch.ones(1)}, metadata={"revorder": "{"}),
        safetensors.torch.save({"0": torch.ones(1)}, metadata={"revorder": "[1]"}),
        damaged(form="another"),
        damaged(spec="1"),
        damaged(spec={"set": ["0"]}),
        damaged(spec={"list": 3}),
        damaged(spec={"list": [], "tuple": []}),
        damaged(about={"steps": [1, 2]}),
        damaged(about={"steps": "x"}),
        damaged(about={"extra": 1}),
        damaged(about={"metrics": {"m": [1.0, 2.0]}}),
        damaged(about={"metrics": {"m": ["x"]}}),
        damaged(tensors={"0": torch.ones(())}),
    ],
)
def test_a_damaged_or_foreign_file_is_refused(content, tmp_path):
    path = tmp_path / "t.safetensors"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="path: "):
        ro.Trajectory.load(path)


def test_the_undamaged_file_of_that_test_loads(tmp_path):
    (tmp_path / "t").write_bytes(damaged())
    assert ro.Trajectory.load(tmp_path / "t").steps == [1]


def test_a_failed_save_leaves_the_old_file(made, tmp_path, monkeypatch):
    path = tmp_path / "run.safetensors"
    made.save(path)
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        made.save(path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_distance_sees_a_difference(made):
    other = torch.utils._pytree.tree_map(lambda leaf: leaf + 1, made.states)
    assert distance(made.states, other) == 1
