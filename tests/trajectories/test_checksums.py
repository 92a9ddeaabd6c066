"""Saved files notice accidents: whichever bit has changed, they are refused, or what they hold is the same."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from fuzz.inputs import packed, parsed

import revorder as ro
from revorder.trajectories import storage

STATES = {"w": torch.arange(6.0).reshape(3, 2).T.contiguous().T, "n": [torch.tensor([1, 2, 3])]}
KINDS = [torch.zeros(()), torch.ones(3, 0), torch.ones(3, 2, dtype=torch.bfloat16), torch.tensor([1 + 2j]),
         torch.tensor([True, False]), torch.ones(2, 3).T, torch.ones(4)[::2]]  # fmt: skip


@pytest.fixture
def saved(tmp_path):
    trajectory = ro.Trajectory("mine", [1, 2, 3], STATES, {"loss": np.array([3.0, np.nan, 1e-300])}, 6)
    trajectory.save(tmp_path / "run")
    return tmp_path / "run"


def test_every_bit_counts(saved):
    content, draw, accepted = saved.read_bytes(), random.Random(0), []
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 1 << draw.randrange(8)
        saved.write_bytes(changed)
        try:
            found = ro.Trajectory.load(saved)
        except ValueError as error:
            assert str(saved) in str(error)
        else:
            accepted.append((place, found))
    assert not accepted


def test_files_of_earlier_versions_have_no_checksum(saved):
    header, ours, body = parsed(saved.read_bytes())
    assert storage.SUM in header["__metadata__"]
    saved.write_bytes(packed(header, ours, body))
    assert ro.Trajectory.load(saved).states["n"][0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("leaf", KINDS, ids=lambda leaf: f"{leaf.dtype} {list(leaf.shape)}")
def test_all_kinds_of_tensors_have_one(leaf, tmp_path):
    storage.save(tmp_path / "x", {"leaf": leaf}, {})
    found = storage.load(tmp_path / "x")[0]["leaf"]
    assert found.dtype == leaf.dtype and found.equal(leaf)


def test_a_number_exchanged_for_another_is_noticed(saved):
    content = saved.read_bytes()
    assert content.count(b"1e-300") == 1
    saved.write_bytes(content.replace(b"1e-300", b"1e-301"))
    with pytest.raises(ValueError, match=r"run cannot be read as .* bits have changed since it was written"):
        ro.Trajectory.load(saved)


def test_runs_of_several_seeds_have_one(tmp_path):
    runs = ro.SeedRuns("backward", [1], None, {"loss": np.array([[0.5, 0.25]])}, 2, "replay", {})
    runs.save(tmp_path / "seeds")
    assert ro.SeedRuns.load(tmp_path / "seeds").metrics["loss"].tolist() == [[0.5, 0.25]]
    content = bytearray((tmp_path / "seeds").read_bytes())
    content[-1] ^= 1
    (tmp_path / "seeds").write_bytes(content)
    with pytest.raises(ValueError, match="bits have changed"):
        ro.SeedRuns.load(tmp_path / "seeds")
