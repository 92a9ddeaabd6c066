"""What a killed process has left in a folder: half files, snapshots of finished jobs, results without a line."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import replace

import pytest
from results import differences

from revorder.data import files
from revorder.experiments import Folder, StoppedError, experiment, run
from revorder.experiments.leaves import PLACE
from revorder.trajectories.trajectory import Trajectory


@pytest.fixture
def tiny():
    return experiment("mlp-digits", "smoke").replace(seeds=2, steps=20, stride=10, engine="replay")


def card(folder):
    return json.loads((folder / "card.json").read_text())


@pytest.mark.parametrize("left", ["no card", "a card with one line", "a card without jobs' lines"])
def test_results_keep_their_line_until_the_card_has_it(tiny, tmp_path, left):
    whole = card(run(tiny, tmp_path).path)
    if left == "no card":
        (tmp_path / "card.json").unlink()
    else:
        kept = {"forward-seed0": whole["jobs"]["forward-seed0"]} if "one" in left else {}
        (tmp_path / "card.json").write_text(json.dumps(whole | {"jobs": kept}))
    run(tiny, tmp_path, resume=True)
    assert card(tmp_path)["jobs"] == whole["jobs"] and len(whole["jobs"]) == 4


@pytest.mark.parametrize("change", [
    lambda lines: lines["forward-seed0"].update(evaluations=999), lambda lines: lines.update({"ghost-seed9": {}}),
    lambda lines: lines.update({"forward-seed0": lines["backward-seed1"]}), lambda lines: lines.clear(),
])  # fmt: skip
def test_the_lines_of_a_card_are_those_of_the_results(tiny, tmp_path, change):
    whole = card(run(tiny, tmp_path).path)
    edited = json.loads(json.dumps(whole))
    change(edited["jobs"])
    (tmp_path / "card.json").write_text(json.dumps(edited))
    assert card(run(tiny, tmp_path, resume=True).path)["jobs"] == whole["jobs"]


def test_the_line_of_a_result_that_is_gone_tells_how_its_job_began(tiny, tmp_path):
    lines = card(run(tiny, tmp_path).path)["jobs"]
    (tmp_path / "jobs" / "forward-seed0.safetensors").unlink()
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        run(tiny, tmp_path, resume=True, stop=stop)
    assert card(tmp_path)["jobs"] == lines


def test_results_of_earlier_versions_keep_the_line_that_the_card_has(tiny, tmp_path):
    whole = card(run(tiny, tmp_path).path)
    for path in (tmp_path / "jobs").iterdir():
        found = Trajectory.load(path)
        replace(found, provenance={}).save(path)
    assert card(run(tiny, tmp_path, resume=True).path)["jobs"] == whole["jobs"]


def test_a_table_that_nobody_can_read_is_made_anew(tiny, tmp_path):
    (tmp_path / "out" / "jobs").mkdir(parents=True)
    (tmp_path / "out" / "config.json").write_text(tiny.to_json())
    (tmp_path / "out" / "metrics.csv").write_bytes(b"\xff\x00")
    run(tiny, tmp_path / "out", resume=True)
    same = (tmp_path / "out" / "metrics.csv").read_text()
    assert same.startswith("order,seed,step,metric,value") and same.count("\n") == 1 + len(
        Folder(tmp_path / "out").frame()
    )


def test_half_files_and_snapshots_of_finished_jobs_are_swept(tiny, tmp_path):
    folder, jobs = run(tiny, tmp_path / "out"), tmp_path / "out" / "jobs"
    snapshot = jobs / "forward-seed0.snapshot.safetensors"
    snapshot.write_bytes(b"of a worker that was late")
    for name in ("card.json", "metrics.csv", PLACE):
        (folder.path / f"{name}.0123abcd.partial").write_text("half")
    (jobs / "backward-seed1.safetensors.89abcdef.partial").write_bytes(b"half")
    (tmp_path / "mine").write_text("mine")
    (jobs / "backward-seed0.snapshot.safetensors.00000000.partial").symlink_to(tmp_path / "mine")
    (folder.path / PLACE).write_text("of one that was killed")
    others = [folder.path / "notes.partial", folder.path / "card.json.partial", jobs / "x.01234567.partial"]
    for other in others:
        other.write_text("not ours")
    run(tiny, folder.path, resume=True)
    left = {path.name for path in folder.path.rglob("*") if path.is_file()}
    results = {f"{order}-seed{seed}.safetensors" for order in ("forward", "backward") for seed in (0, 1)}
    assert left == {"config.json", "card.json", "metrics.csv", "lock"} | results | {other.name for other in others}
    assert (tmp_path / "mine").read_text() == "mine"


def test_folders_that_look_like_half_files_are_left_alone(tiny, tmp_path):
    run(tiny, tmp_path)
    (tmp_path / "card.json.01234567.partial").mkdir()
    run(tiny, tmp_path, resume=True)
    assert (tmp_path / "card.json.01234567.partial").is_dir()


def test_many_writers_of_one_file_do_not_meet(tmp_path):
    texts, place, wrong = [str(number) * 100_000 for number in range(8)], tmp_path / "file", []

    def writing(text):
        try:
            for _ in range(20):
                files.write(place, text)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=writing, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert not place.exists() or place.read_text() in texts
    assert not wrong and [found.name for found in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("wrong", [OSError(28, "No space left on device"), KeyboardInterrupt(), MemoryError()])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside(tmp_path, monkeypatch, wrong):
    files.write(tmp_path / "file", "old")

    def full(number):
        raise wrong

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(type(wrong)):
        files.write(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


def test_a_run_takes_its_token_back_whatever_ends_it(tiny, tmp_path, monkeypatch):
    def fails(*given):
        assert (tmp_path / "out" / PLACE).exists()
        raise RuntimeError("in the first job")

    monkeypatch.setattr("revorder.experiments.work.carry_out_job", fails)
    with pytest.raises(RuntimeError, match="in the first job"):
        run(tiny, tmp_path / "out")
    assert not (tmp_path / "out" / PLACE).exists()
    monkeypatch.undo()
    assert differences(run(tiny, tmp_path / "out", resume=True), run(tiny, tmp_path / "whole")) == []


def test_a_result_of_another_job_is_refused_by_name(tiny, tmp_path):
    folder = run(tiny, tmp_path)
    jobs = tmp_path / "jobs"
    (jobs / "backward-seed0.safetensors").write_bytes((jobs / "backward-seed1.safetensors").read_bytes())
    said = "backward-seed0.safetensors is the result of 'backward-seed1', but stands in the place of backward-seed0"
    for look in (folder.finished, folder.frame, lambda: run(tiny, tmp_path, resume=True)):
        with pytest.raises(ValueError, match=said):
            look()
    with pytest.raises(ValueError, match=r"take .*backward-seed0.safetensors away, and its job is carried out again"):
        run(tiny, tmp_path, resume=True)
    (jobs / "backward-seed0.safetensors").unlink()
    assert differences(run(tiny, tmp_path, resume=True), run(tiny, tmp_path / "whole")) == []


def stopped_with_a_snapshot(config, folder):
    """The first job has a snapshot, the others have nothing yet; returns its file."""
    run(config, folder)
    for path in (folder / "jobs").iterdir():
        path.unlink()
    (folder / "card.json").unlink()
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        run(config, folder, resume=True, stop=stop)
    (found,) = (folder / "jobs").glob("*.snapshot.safetensors")
    return found


def test_snapshots_are_looked_at_before_any_job_is_begun(tiny, tmp_path, monkeypatch):
    snapshot = stopped_with_a_snapshot(tiny, tmp_path)
    first = "backward" if snapshot.name.startswith("forward") else "forward"
    config = tiny.replace(orders=(first, snapshot.name.split("-")[0]))
    (tmp_path / "config.json").write_text(config.replace(lr=0.3).to_json())
    monkeypatch.setattr("revorder.experiments.work.carry_out_job", lambda *given: pytest.fail("a job was begun"))
    with pytest.raises(ValueError, match="was made with another configuration than config.json has now"):
        run(config.replace(lr=0.3), tmp_path, resume=True)
    (tmp_path / "config.json").write_text(config.to_json())
    snapshot.write_bytes(snapshot.read_bytes()[:-9])
    with pytest.raises(ValueError, match=r"take .*snapshot.safetensors away, and its job is carried out again"):
        run(config, tmp_path, resume=True)


def test_a_full_disk_names_the_file(tmp_path, monkeypatch):
    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=r"No space left on device: '.*card.json'"):
        files.write(tmp_path / "card.json", "x")
