"""The record of where a result comes from, and that it travels with every saved trajectory."""

from __future__ import annotations

import json
import platform
import subprocess

import pytest
import torch

import revorder as ro
from revorder.trajectories.origins import commit, seeds_of


@pytest.fixture
def repository(tmp_path):
    def git(*command):
        identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
        done = subprocess.run(["git", *identity, *command], cwd=tmp_path, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    git("init", "-q")
    (tmp_path / "code.py").write_text("1")
    git("add", ".")
    git("commit", "-qm", "first")
    return tmp_path, git


def path_from(order="backward", batches=None):
    batches = torch.tensor([1.0, 0.0, 1.0]) if batches is None else batches
    return ro.run(lambda x, b: x - 0.5 * (x - b), torch.tensor(0.0), batches, order, [1, 3], progress=False)


def test_says_what_a_result_depends_on():
    record = ro.provenance(batches=3, start=4)
    assert record["seeds"] == {"batches": 3, "start": 4}
    assert record["versions"]["torch"] == torch.__version__
    assert record["versions"]["revorder"] == ro.__version__
    assert record["versions"]["python"] == platform.python_version()
    assert record["threads"] == torch.get_num_threads()
    assert record["device"] == "cpu"
    assert json.loads(json.dumps(record)) == record


def test_commit(repository):
    folder, git = repository
    assert commit(folder) == git("rev-parse", "HEAD")
    commit.cache_clear()
    (folder / "code.py").write_text("2")
    assert commit(folder) == git("rev-parse", "HEAD") + "+"


def test_no_commit_where_there_is_no_repository(tmp_path):
    assert commit(tmp_path / "nowhere") is None
    assert commit(tmp_path) is None


def test_travels_with_a_saved_trajectory(tmp_path):
    path = path_from("shuffled:7")
    assert path.provenance == ro.provenance(order=7)
    path.save(tmp_path / "path")
    assert ro.Trajectory.load(tmp_path / "path").provenance == path.provenance


def test_records_the_seeds_that_a_run_can_see():
    examples = torch.arange(20.0)
    squares = ro.sgd(lambda theta, batch: (theta - batch).square().mean() / 2, lr=0.5)
    update = ro.augmented(squares, lambda batch, generator: batch, seed=6)

    def record(seed):
        batches = ro.batches.Minibatches(examples, ro.batches.iid(20, 4, 6, seed))
        return ro.run(update, update.init(torch.tensor(0.0)), batches, "forward", [6], progress=False).provenance

    assert record(5)["seeds"] == {"update": 6}
    assert record(5) == record(5)
    assert record(5)["batches"] != record(8)["batches"]


def test_names_the_seeds_of_dropout_under_augmentation():
    loss, _ = ro.module_loss(ro.models.mlp(4, 3, 2, dropout=0.5), torch.nn.functional.cross_entropy, seed=4)
    assert seeds_of(ro.augmented(ro.sgd(loss, 0.1), lambda batch, generator: batch, seed=6)) == {"loss": 4, "update": 6}


def test_a_damaged_record_is_refused(tmp_path):
    from revorder.trajectories import storage

    path = path_from()
    path.save(tmp_path / "path")
    states, about = storage.load(tmp_path / "path")
    about["provenance"] = "yes"
    storage.save(tmp_path / "other", states, about)
    with pytest.raises(ValueError, match="cannot be read as a trajectory"):
        ro.Trajectory.load(tmp_path / "other")


def test_a_working_directory_that_is_gone_has_no_commit(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert ro.provenance()["commit"] is None
