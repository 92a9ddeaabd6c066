"""Experiments: configurations, folders, stopping at any moment and going on to the same bits, and faults."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import torch
from family import same_bits
from processes import begun, python
from results import differences

import revorder as ro
from revorder.experiments import Config, Folder, FolderInUseError, StoppedError, build, jobs, load, run
from revorder.trajectories import storage

SMALL = Config("small", "smoke", steps=30, stride=6, seeds=2, width=4, engine="replay", keep_states=True,
               train_examples=200, test_examples=50)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The result of an uninterrupted run."""
    return run(SMALL, tmp_path_factory.mktemp("results") / "whole")


def test_results_are_those_of_a_plain_run(whole):
    data = load(SMALL)
    for (order, seed), found in whole.finished().items():
        problem = build(SMALL, data, seed)
        plain = problem.run(order, SMALL.checkpoints, engine="replay", record=problem.update.params)
        assert same_bits(plain.states, found.states)
        assert found.steps == [6, 12, 18, 24, 30]
        assert all(np.array_equal(plain.metrics[name], found.metrics[name]) for name in plain.metrics)
    assert set(whole.finished()) == {(order, seed) for order in ("forward", "backward") for seed in (0, 1)}


def test_the_folder_tells_everything(whole):
    assert whole.config() == SMALL
    frame = whole.frame()
    assert list(frame.columns) == ["order", "seed", "step", "metric", "value"]
    assert len(frame) == 2 * 2 * 5 * 4
    assert frame.value.between(0, 4).all()
    card = json.loads((whole.path / "card.json").read_text())["jobs"]
    assert {name: line["evaluations"] for name, line in card.items()} == {
        "forward-seed0": 30, "forward-seed1": 30, "backward-seed0": 90, "backward-seed1": 90
    }  # fmt: skip
    assert all(line["torch"] == torch.__version__ and line["processor"] for line in card.values())


def stopped_after(evaluations, config, path, **options):
    """Stop a run when a job has made so many evaluations."""
    stop = threading.Event()

    def watcher(progress):
        if progress.evaluations >= evaluations:
            stop.set()

    with pytest.raises(
        StoppedError, match=f"after {evaluations} evaluations" if config.engine == "replay" else "after"
    ):
        run(config, path, stop=stop, watcher=watcher, **options)


@pytest.mark.parametrize("evaluations", [1, 6, 17, 29])
def test_stop_and_resume_gives_the_same_bits(whole, tmp_path, evaluations):
    stopped_after(evaluations, SMALL, tmp_path / "r")
    assert not Folder(tmp_path / "r").finished()
    assert differences(run(SMALL, tmp_path / "r", resume=True), whole) == []
    assert not list((tmp_path / "r" / "jobs").glob("*.snapshot*"))


def test_stop_again_and_again(whole, tmp_path):
    path = tmp_path / "r"
    stopped_after(3, SMALL, path)
    for evaluations in (11, 24):
        stopped_after(evaluations, SMALL, path, resume=True)
    assert differences(run(SMALL, path, resume=True), whole) == []


@pytest.mark.parametrize("order", ["backward", "two-sided", "backward-window:4"])
def test_wavefront_goes_on_from_any_tick(tmp_path, order):
    config = SMALL.replace(engine="wavefront", orders=(order,), seeds=1, precision="float64")
    undisturbed = run(config, tmp_path / "whole")
    for evaluations in (2, 9, 40):
        path = tmp_path / str(evaluations)
        if undisturbed.finished()[order, 0].cost <= evaluations:
            continue
        stopped_after(evaluations, config, path)
        assert differences(run(config, path, resume=True), undisturbed, tolerance=1e-12) == []


def test_momentum_adam_and_batch_norm_go_on_too(tmp_path):
    for changes in ({"momentum": 0.9}, {"optimizer": "adam", "lr": 0.01}, {"model": "resnet18", "width": 2}):
        config = SMALL.replace(seeds=1, steps=6, stride=3, train_examples=60, orders=("backward",), **changes)
        name = next(iter(changes))
        undisturbed = run(config, tmp_path / f"{name}-whole")
        stopped_after(4, config, tmp_path / name)
        assert differences(run(config, tmp_path / name, resume=True), undisturbed) == []


SCRIPT = """
import sys
from revorder.experiments import Config, run
run(Config.from_json(open(sys.argv[1]).read()), sys.argv[2], resume=True, interval=float(sys.argv[3]))
"""


def start(tmp_path, path, interval=0.0):
    (tmp_path / "config.json").write_text(SMALL.to_json())
    return begun("-c", SCRIPT, tmp_path / "config.json", path, interval)


def wait_for(path, pattern, process):
    for _ in range(6000):
        if list(path.glob(pattern)):
            return
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.005)
    raise AssertionError(f"no {pattern}")


@pytest.mark.usefixtures("posix")
def test_killed_at_twenty_random_moments(whole, tmp_path):
    """SIGKILL, twenty times: a run goes on each time, finished jobs stay, and the results are the same."""
    runs, random = [tmp_path / "0"], np.random.default_rng(0)
    finished = set()
    for kill in range(20):
        process = start(tmp_path, runs[-1])
        wait_for(runs[-1] / "jobs", "*", process)  # it is past its imports and at work
        time.sleep(random.uniform(0, 0.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = {found.name for found in (runs[-1] / "jobs").glob("*seed?.safetensors")}
        assert finished <= now
        Folder(runs[-1]).finished()  # what stands there can be read
        finished = now
        if len(now) == 4 or kill == 10:
            runs.append(tmp_path / str(len(runs)))
            finished = set()
    for path in runs:
        assert differences(run(SMALL, path, resume=True), whole) == []


@pytest.mark.usefixtures("posix")
def test_sigterm_writes_a_snapshot_at_the_next_evaluation(whole, tmp_path):
    path = tmp_path / "r"
    process = start(tmp_path, path, interval=0.0)
    wait_for(path / "jobs", "*snapshot.safetensors", process)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert process.returncode != 0 and "StoppedError: stopped in" in said
    (snapshot,) = (path / "jobs").glob("*snapshot.safetensors")
    evaluations = int(said.rsplit("after ", 1)[1].split()[0])
    assert storage.load(snapshot, "revorder-snapshot-1")[1]["cost"] == evaluations
    assert differences(run(SMALL, path, resume=True), whole) == []


def test_a_second_process_refuses(tmp_path):
    path = tmp_path / "r"
    with Folder(path).locked():
        process = start(tmp_path, path)
        assert process.wait(60) != 0
        assert "FolderInUseError" in process.stderr.read()
        with pytest.raises(FolderInUseError, match="another process"):
            run(SMALL, path)
    assert [found.name for found in path.iterdir()] == ["lock"]


def test_results_are_not_overwritten(whole, tmp_path):
    with pytest.raises(ValueError, match="holds results already"):
        run(SMALL, whole.path)
    with pytest.raises(ValueError, match="another configuration"):
        run(SMALL.replace(lr=0.2), whole.path, resume=True)
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(ValueError, match="not empty"):
        run(SMALL, tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "mine"


def content(folder):
    return {found.name: found.read_bytes() for found in folder.rglob("*") if found.is_file() and found.name != "lock"}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[:40], "not a revorder configuration"),
        (lambda text: text.replace('"revorder-config": 4', '"revorder-config": 99'), "version 99"),
        (lambda text: text.replace('"lr": 0.1', '"lr": -1'), "lr: got -1"),
        (lambda text: text.replace('"lr"', '"learning_rate"'), "learning_rate: there is no such field"),
        (lambda text: text.replace('"engine": "replay",', ""), "engine"),
        (lambda text: "[1, 2]", "not a revorder configuration"),
    ],
)
def test_damaged_configurations_are_refused_and_left_alone(tmp_path, damage, message):
    path = tmp_path / "r"
    stopped_after(5, SMALL, path)
    (path / "config.json").write_text(damage(SMALL.to_json()))
    before = content(path)
    with pytest.raises(ValueError, match=message):
        run(SMALL, path, resume=True)
    assert content(path) == before


@pytest.mark.parametrize("damage", ["truncated", "tampered", "other kind", "other job"])
def test_damaged_snapshots_are_refused_and_left_alone(whole, tmp_path, damage):
    path = tmp_path / "r"
    stopped_after(5, SMALL, path)
    snapshot = path / "jobs" / "forward-seed0.snapshot.safetensors"
    if damage == "truncated":
        snapshot.write_bytes(snapshot.read_bytes()[:-100])
    elif damage == "tampered":
        snapshot.write_bytes(snapshot.read_bytes().replace(b"revorder-snapshot-1", b"revorder-snapshot-9"))
    elif damage == "other kind":
        snapshot.write_bytes((whole.path / "jobs" / "forward-seed0.safetensors").read_bytes())
    else:
        snapshot.write_bytes(snapshot.read_bytes().replace(b"forward-seed0", b"forward-seed1"))
    before = content(path)
    with pytest.raises(ValueError, match="snapshot"):
        run(SMALL, path, resume=True)
    assert content(path) == before


FULL = """
import resource, sys, torch._dynamo  # some releases of torch write files when it is imported
from revorder.experiments import Config, run
config = Config.from_json(open(sys.argv[1]).read())
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
run(config, sys.argv[2], resume=True, interval=0.0)
"""


@pytest.mark.usefixtures("posix")
def test_a_full_disk_stops_the_run_and_leaves_the_last_snapshot(whole, tmp_path):
    """No file may grow beyond a limit: the snapshot cannot be written, the one before still stands."""
    path = tmp_path / "r"
    stopped_after(5, SMALL, path)
    before = content(path)
    (tmp_path / "config.json").write_text(SMALL.to_json())
    made = python("-c", FULL, tmp_path / "config.json", path, 2000, timeout=120)
    assert made.returncode != 0
    assert "File too large" in made.stderr
    assert content(path) == before
    assert differences(run(SMALL, path, resume=True), whole) == []


def test_a_full_file_system(whole, tmp_path):
    """The same on a small file system of its own, where one can be mounted."""
    path = tmp_path / "small"
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", str(path)], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a tmpfs needs privileges that this user does not have")
    try:
        with pytest.raises(OSError, match="could not be written|No space"):
            run(SMALL, path / "r", interval=0.0)
        for snapshot in (path / "r" / "jobs").glob("*.safetensors"):
            safe = "snapshot" in snapshot.name
            storage.load(snapshot, "revorder-snapshot-1") if safe else ro.Trajectory.load(snapshot)
    finally:
        subprocess.run(["umount", str(path)], check=True)


def test_jobs_can_be_shared_by_processes(whole, tmp_path):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        assert differences(run(SMALL, tmp_path / "r", executor=pool), whole) == []


def test_parts_of_a_run_are_put_together(whole, tmp_path):
    config = SMALL.replace(parts=3)
    assert sum(job.parts == 3 for job in jobs(config)) == 6  # backward only: a part of forward gains nothing
    found = run(config, tmp_path / "r")
    for key, expected in whole.finished().items():
        assert same_bits(found.finished()[key].states, expected.states)
        assert found.finished()[key].steps == expected.steps


def test_divergence_is_a_result(tmp_path):
    folder = run(SMALL.replace(lr=1e30, seeds=1), tmp_path / "r")
    assert set(folder.finished()) == {("forward", 0), ("backward", 0)}
    assert all("is not finite since batch" in line["diverged"] for line in folder.card()["jobs"].values())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "cifar"}, "did you mean|must be one of"),
        ({"lr": float("nan")}, "lr: got nan"),
        ({"lr": "0.1"}, "lr: got '0.1'"),
        ({"steps": 0}, "steps"),
        ({"stride": 31}, "no multiple of the stride"),
        ({"orders": "forward"}, "orders"),
        ({"orders": ("forward", "forward")}, "only once"),
        ({"orders": ("sideways",)}, "sideways"),
        ({"optimizer": "adam", "momentum": 0.9}, "moments of its own"),
        ({"augment": True}, "convolutional"),
        ({"augment": 1}, "true or false"),
        ({"name": ""}, "name"),
        ({"learning_rate": 1}, "no such field"),
    ],
)
def test_configurations_are_checked(changes, message):
    with pytest.raises((ValueError, TypeError), match=message):
        SMALL.replace(**changes)


def test_configurations_survive_json():
    config = SMALL.replace(orders=["backward-window:3"], train_examples=None)
    assert Config.from_json(config.to_json()) == config
    assert hash(config) == hash(Config.from_json(config.to_json()))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"optimizer": "adam", "lr": 0.01},
        {"model": "resnet18", "width": 4, "augment": True, "dataset": "cifar10"},
        {"model": "resnet50", "width": 2, "norm": "group", "momentum": 0.9, "dataset": "cifar100"},
    ],
)
def test_every_tensor_stays_on_its_device(changes):
    """On the meta device, which refuses to be mixed with CPU tensors: update, metrics and a whole backward run."""
    config = SMALL.replace(steps=2, stride=1, **changes)
    if "dataset" in changes:
        shape, dtype = (3, 32, 32), torch.uint8
    else:
        shape, dtype = (1, 8, 8), torch.float32
    part = torch.empty(20, *shape, dtype=dtype, device="meta"), torch.empty(20, dtype=torch.int64, device="meta")
    problem = build(config, ro.datasets.Dataset(config.dataset, part, part), seed=0)
    found = problem.run("backward", [1, 2], engine="wavefront")
    assert all(leaf.is_meta for leaf in torch.utils._pytree.tree_leaves(found.states))
    assert np.isnan(found.metrics["test loss"]).all()
