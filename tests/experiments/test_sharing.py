"""Experiments with an executor: what stops them, who is told, what is kept, and that nobody writes afterwards."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import psutil
import pytest
import torch
from results import differences

from revorder.experiments import Config, Folder, StoppedError, experiment, jobs, run, sharing
from revorder.experiments.sharing import PLACE, Leave, working

SLOW = {"seeds": 3, "steps": 300, "stride": 10, "engine": "replay", "orders": ("backward",), "threads": 1}


@pytest.fixture
def slow():
    """Three jobs of two seconds or more each."""
    return experiment("mlp-digits", "smoke").replace(**SLOW)


@pytest.fixture
def quick():
    return experiment("mlp-digits", "smoke").replace(seeds=4, steps=30, stride=10, engine="replay", threads=1)


@pytest.fixture
def pool():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=torch.set_num_threads,
                             initargs=(1,)) as executor:  # fmt: skip
        yield executor


def states_of(folder):
    """Nothing under way: no worker's file, no half file; and the jobs that are finished, with their card."""
    assert not (folder / PLACE).exists() and not list(folder.rglob("*.partial"))
    finished = {str(job) for job in jobs(Folder(folder).config()) if Folder(folder).result(job).exists()}
    assert set(Folder(folder).card()["jobs"]) == finished
    return finished


def written(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def stopping(folder, stop, when):
    """A thread that sets `stop` when something is there."""
    thread = threading.Thread(target=lambda: (wait_until(lambda: when(folder)), time.sleep(0.3), stop.set()))
    thread.start()
    return thread


def begun(folder):
    return (folder / "jobs").exists() and (folder / PLACE).exists()


@pytest.mark.parametrize("threads", [False, True])
def test_asked_to_stop_it_ends_with_snapshots_and_nobody_writes_afterwards(slow, tmp_path, threads, pool):
    executor = ThreadPoolExecutor(2) if threads else pool
    executor.submit(time.sleep, 0).result()
    stop, out = threading.Event(), tmp_path / "out"
    thread = stopping(out, stop, lambda folder: begun(folder) and list((folder / "jobs").glob("*.snapshot*")))
    with pytest.raises(StoppedError, match=r"stopped: \d of 3 jobs were finished, those under way have a snapshot"):
        run(slow, out, executor=executor, stop=stop, interval=0.1)
    thread.join()
    assert len(states_of(out)) < 3 and list((out / "jobs").glob("*.snapshot*"))
    before = written(out)
    with Folder(out).locked():
        time.sleep(1)
    assert {path: when for path, when in written(out).items() if path.name != "lock"} == {
        path: when for path, when in before.items() if path.name != "lock"
    }
    whole = run(slow, tmp_path / "whole")
    assert differences(run(slow, out, executor=executor, resume=True), whole) == []


def test_a_job_that_fails_stops_the_others_and_finished_ones_keep_their_line(quick, tmp_path, pool):
    out = tmp_path / "out"
    run(quick.replace(seeds=1), tmp_path / "one")
    damaged = (tmp_path / "one" / "jobs" / "forward-seed0.safetensors").read_bytes()
    (out / "jobs").mkdir(parents=True)
    (out / "config.json").write_text(quick.to_json())
    (out / "jobs" / "backward-seed1.snapshot.safetensors").write_bytes(damaged[:-7])
    with pytest.raises(ValueError, match="backward-seed1.snapshot") as caught:
        run(quick, out, executor=pool, resume=True)
    finished = states_of(out)
    assert "backward-seed1" not in finished
    note = f"{len(finished)} of 8 jobs were finished, those under way have a snapshot; go on with resume=True"
    assert caught.value.__notes__[-1].startswith(note)
    (out / "jobs" / "backward-seed1.snapshot.safetensors").unlink()
    assert differences(run(quick, out, executor=pool, resume=True), run(quick, tmp_path / "whole")) == []


SCRIPT = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import torch
from revorder.experiments import Config, Folder, StoppedError, run

if __name__ == "__main__":
    config = Config.from_json(open(sys.argv[1]).read(), "c")
    pool = ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,))
    with pool as executor:
        try:
            run(config, sys.argv[2], executor=executor, interval=0.1)
        except StoppedError as error:
            print(error, flush=True)
            sys.exit(3)
"""


def started(config, folder):
    """A script that runs an experiment in a process group of its own; it has workers that have written snapshots."""
    (folder / "c.json").write_text(config.to_json())
    (folder / "script.py").write_text(textwrap.dedent(SCRIPT))
    process = subprocess.Popen([sys.executable, folder / "script.py", folder / "c.json", folder / "out"], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)  # fmt: skip
    wait_until(lambda: len(list((folder / "out" / "jobs").glob("*.snapshot.safetensors"))) == 2)
    return process, psutil.Process(process.pid).children(recursive=True)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGINT to the group"])
def test_signals_end_in_snapshots(slow, tmp_path, name):
    process, children = started(slow, tmp_path)
    number = getattr(signal, name.split()[0])
    (os.killpg if "group" in name else os.kill)(process.pid, number)
    said, wrong = process.communicate(timeout=60)
    assert process.returncode == 3 and said.startswith("stopped: ") and "Traceback" not in wrong, (said, wrong)
    assert not psutil.wait_procs(children, timeout=10)[1]
    assert len(states_of(tmp_path / "out")) < 3 and list((tmp_path / "out" / "jobs").glob("*.snapshot*"))


def test_orphans_write_a_snapshot_and_end(slow, tmp_path):
    process, children = started(slow, tmp_path)
    process.kill()
    process.communicate()
    assert not psutil.wait_procs(children, timeout=30)[1]
    assert (tmp_path / "out" / PLACE).exists()  # what kill -9 leaves; the next run takes it over
    assert not list((tmp_path / "out").rglob("*.partial"))
    found = run(slow, tmp_path / "out", resume=True)
    assert differences(found, run(slow, tmp_path / "whole")) == [] and states_of(found.path)


def test_a_worker_that_is_killed_costs_its_job_only(slow, tmp_path, pool):
    def kill():
        wait_until(lambda: len(list((tmp_path / "out" / "jobs").glob("*.snapshot.safetensors"))) == 2)
        os.kill(next(iter(pool._processes)), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    with pytest.raises(Exception, match="terminated abruptly") as caught:
        run(slow, tmp_path / "out", executor=pool, interval=0.1)
    thread.join()
    assert "go on with resume=True" in caught.value.__notes__[-1]
    states_of(tmp_path / "out")
    assert differences(run(slow, tmp_path / "out", resume=True), run(slow, tmp_path / "whole")) == []


def test_a_run_that_was_taken_over_writes_nothing(tmp_path):
    (tmp_path / PLACE).write_text("mine")
    leave = Leave(tmp_path, "mine")
    assert not leave.is_set()
    (tmp_path / PLACE).write_text("another's")
    leave.looked = -1.0
    with pytest.raises(StoppedError, match="another run has taken over"):
        leave.is_set()
    (tmp_path / PLACE).unlink()
    leave.looked = -1.0
    assert leave.is_set() and leave.is_set()


def test_a_worker_that_does_not_see_the_folder_says_so(tmp_path):
    said = r"out: .*nowhere is not there for the worker on .*absolute path"
    with pytest.raises(ValueError, match=said), working(Leave(tmp_path / "nowhere", "t"), parent=-1):
        pytest.fail("it was begun")
    with pytest.raises(StoppedError, match="its run has ended"), working(Leave(tmp_path, "t"), parent=-1):
        pytest.fail("it was begun")


def test_relative_folders_are_made_absolute_for_workers(quick, tmp_path, monkeypatch, pool):
    pool.submit(os.getcwd).result()
    monkeypatch.chdir(tmp_path)
    assert len(run(quick, "out", executor=pool).finished()) == 8
    assert Path("out").exists() and states_of(tmp_path / "out")


def test_a_broken_pool_is_no_reason_to_hang(quick, tmp_path):
    executor = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    executor.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        run(quick, tmp_path / "out", executor=executor)
    assert states_of(tmp_path / "out") == set()


def test_what_a_worker_needs_is_small():
    assert sharing.EVERY < 1 < sharing.GRACE and multiprocessing.parent_process() is None
    assert isinstance(json.loads(Config.from_json(experiment("mlp-digits", "smoke").to_json(), "x").to_json()), dict)
