"""Folders that many hands touch: an edited configuration, a damaged result, and summaries that grow job by job."""

from __future__ import annotations

import json
import threading

import pandas as pd
import pytest

from revorder.experiments import Config, Folder, StoppedError, experiment, jobs, run
from revorder.experiments import folders as folders_module
from revorder.experiments.digests import digest_of
from revorder.experiments.noting import note
from revorder.trajectories.trajectory import Trajectory

TINY = {"seeds": 2, "steps": 20, "stride": 10, "engine": "replay"}


@pytest.fixture
def tiny():
    return experiment("mlp-digits", "smoke").replace(**TINY)


def edited(folder, **changes):
    """config.json as an editor would leave it."""
    place = folder / "config.json"
    place.write_text(json.dumps(json.loads(place.read_text()) | changes))
    return Folder(folder).config()


def computing(monkeypatch):
    """The list of jobs that are computed from now on."""
    made = []
    from revorder.experiments import work

    plain = work.carry_out_job
    monkeypatch.setattr(work, "carry_out_job", lambda *given: (made.append(str(given[1])), plain(*given))[1])
    return made


@pytest.mark.parametrize("changes", [
    {"lr": 0.3}, {"batch_size": 4}, {"steps": 30}, {"engine": "wavefront"}, {"momentum": 0.9}, {"width": 9},
    {"data_order": "iid"}, {"precision": "float64"}, {"test_examples": 50},
])  # fmt: skip
def test_an_edited_configuration_is_refused_on_resume(tiny, tmp_path, changes, monkeypatch):
    run(tiny.replace(seeds=1), tmp_path / "out")
    (tmp_path / "out" / "jobs" / "backward-seed0.safetensors").unlink()
    config, made = edited(tmp_path / "out", **changes), computing(monkeypatch)
    with pytest.raises(ValueError, match="forward-seed0.* was made with another configuration than config.json has"):
        run(config, tmp_path / "out", resume=True)
    assert not made


def test_more_seeds_and_orders_are_no_other_configuration(tiny, tmp_path, monkeypatch):
    run(tiny.replace(seeds=1), tmp_path / "out")
    config, made = (
        edited(tmp_path / "out", seeds=2, orders=["forward", "backward", "two-sided"]),
        computing(monkeypatch),
    )
    run(config, tmp_path / "out", resume=True)
    assert sorted(made) == ["backward-seed1", "forward-seed1", "two-sided-seed0", "two-sided-seed1"]


def test_a_snapshot_of_another_configuration_is_refused(tiny, tmp_path):
    stop = threading.Event()
    with pytest.raises(StoppedError):
        run(tiny, tmp_path / "out", stop=stop, watcher=lambda progress: progress.evaluations > 7 and stop.set())
    config = edited(tmp_path / "out", lr=0.3)
    with pytest.raises(ValueError, match="snapshot.safetensors was made with another configuration"):
        run(config, tmp_path / "out", resume=True)
    run(edited(tmp_path / "out", lr=tiny.lr), tmp_path / "out", resume=True)


def test_what_earlier_versions_wrote_goes_on(tiny, tmp_path):
    run(tiny, tmp_path / "out")
    for path in (tmp_path / "out" / "jobs").iterdir():
        found = Trajectory.load(path)
        found.provenance.pop("configuration")
        found.save(path)
    (tmp_path / "out" / "jobs" / "forward-seed1.safetensors").unlink()
    assert len(run(tiny, tmp_path / "out", resume=True).finished()) == 4


@pytest.mark.parametrize("damage", ["cut", "empty", "other"])
def test_damaged_results_are_found_before_any_work(tiny, tmp_path, damage, monkeypatch):
    run(tiny, tmp_path / "out")
    folder = tmp_path / "out" / "jobs"
    (folder / "forward-seed0.safetensors").unlink()
    broken = folder / "backward-seed1.safetensors"
    whole = broken.read_bytes()
    broken.write_bytes({"cut": whole[:-9], "empty": b"", "other": b"x" * len(whole)}[damage])
    made = computing(monkeypatch)
    with pytest.raises(ValueError, match="backward-seed1"):
        run(tiny, tmp_path / "out", resume=True)
    assert not made


def test_a_finished_job_is_added_and_no_other_is_read_again(tiny, tmp_path, monkeypatch):
    config = tiny.replace(seeds=3)
    folder = run(config, tmp_path / "out")
    whole, card = pd.read_csv(folder.path / "metrics.csv"), folder.card()
    assert len(whole) == len(jobs(config)) * 2 * len(set(whole.metric))
    (folder.path / "metrics.csv").unlink()
    folder.path.joinpath("card.json").write_text('{"jobs": {}}')
    read = []
    plain = Trajectory.load
    monkeypatch.setattr(folders_module.Trajectory, "load", lambda path: (read.append(path), plain(path))[1])
    for job in jobs(config)[::-1]:
        note(folder, job, card["jobs"][str(job)])
    assert read == [folder.result(job) for job in jobs(config)[::-1]]
    assert folder.card()["jobs"] == card["jobs"]
    by = list(whole.columns[:-1])
    grown = pd.read_csv(folder.path / "metrics.csv")
    pd.testing.assert_frame_equal(*(each.sort_values(by).reset_index(drop=True) for each in (grown, whole)))


def test_parts_are_added_once_they_are_all_noted(tiny, tmp_path):
    config = tiny.replace(seeds=1, orders=("backward",), parts=2, steps=40)
    folder = run(config, tmp_path / "out")
    whole, card = (folder.path / "metrics.csv").read_text(), folder.card()
    assert len(jobs(config)) == 2
    (folder.path / "metrics.csv").unlink()
    folder.path.joinpath("card.json").write_text('{"jobs": {}}')
    for job in jobs(config):
        assert not (folder.path / "metrics.csv").exists()
        note(folder, job, card["jobs"][str(job)])
    assert (folder.path / "metrics.csv").read_text() == whole


def test_what_decides_what_a_job_computes_is_in_the_digest():
    first = experiment("mlp-digits", "smoke").replace(threads=1)
    jobs_only = ({"seeds": 9}, {"orders": ("two-sided",)}, {"name": "x"}, {"profile": "y"})
    same = [first.replace(**each) for each in jobs_only]
    assert {digest_of(each) for each in same} == {digest_of(first)}
    other = [first.replace(**each) for each in ({"lr": 0.7}, {"parts": 2}, {"threads": 2}, {"keep_states": True})]
    assert len({digest_of(each) for each in [first, *other]}) == 5
    assert digest_of(Config.from_json(first.to_json(), "x")) == digest_of(first)
