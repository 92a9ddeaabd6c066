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
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path

import psutil
import pytest
from nights import at_night, nightly
from results import differences

import revorder as ro
from revorder.experiments import Config, Folder, StoppedError, experiment, jobs, leaves, run, sharing
from revorder.experiments.leaves import PLACE, STOP, Leave, ask_to_stop, working, writer
from revorder.experiments.running import on_signals

SLOW = {"seeds": 3, "steps": 400, "stride": 10, "engine": "replay", "orders": ("backward",), "threads": 1}


@pytest.fixture
def slow():
    """Three jobs of two seconds or more each."""
    return experiment("mlp-digits", "smoke").replace(**SLOW)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The three jobs undisturbed."""
    return run(experiment("mlp-digits", "smoke").replace(**SLOW), tmp_path_factory.mktemp("undisturbed") / "whole")


@pytest.fixture
def quick():
    return experiment("mlp-digits", "smoke").replace(seeds=4, steps=30, stride=10, engine="replay", threads=1)


@pytest.fixture
def pool():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=ro.start_worker) as executor:
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


@pytest.mark.parametrize("threads", [False, *nightly(True)])
def test_asked_to_stop_it_ends_with_snapshots_and_nobody_writes_afterwards(slow, tmp_path, threads, pool, whole):
    executor = ThreadPoolExecutor(2) if threads else pool
    wait([executor.submit(time.sleep, 0.5) for _ in range(2)])  # both have begun
    stop, out = threading.Event(), tmp_path / "out"
    thread = stopping(out, stop, lambda folder: begun(folder) and list((folder / "jobs").glob("*.snapshot*")))
    with pytest.raises(
        StoppedError, match=r"stopped: \d of 3 jobs were finished, those under way go on from their last snapshot"
    ):
        run(slow, out, executor=executor, stop=stop, interval=0.1)
    thread.join()
    assert len(states_of(out)) < 3 and list((out / "jobs").glob("*.snapshot*"))
    before = written(out)
    with Folder(out).locked():
        time.sleep(1)
    assert {path: when for path, when in written(out).items() if path.name != "lock"} == {
        path: when for path, when in before.items() if path.name != "lock"
    }
    assert differences(run(slow, out, executor=executor, resume=True), whole) == []


def fails(job):
    raise ArithmeticError(f"{job} cannot be had")


class Failing(ProcessPoolExecutor):
    """One job fails."""

    def submit(self, work, job):
        return super().submit(fails, job) if str(job) == "backward-seed1" else super().submit(work, job)


def test_a_job_that_fails_stops_the_others_and_finished_ones_keep_their_line(quick, tmp_path):
    out = tmp_path / "out"
    with Failing(2, mp_context=get_context("spawn")) as executor:
        with pytest.raises(ArithmeticError, match="backward-seed1 cannot be had") as caught:
            run(quick, out, executor=executor)
        finished = states_of(out)
        assert "backward-seed1" not in finished
        said = caught.value.__notes__[-1]
        assert said.startswith(
            f"{len(finished)} of 8 jobs were finished, those under way go on from their last snapshot"
        )
        assert said.endswith("; go on with resume=True once the cause is mended")
    assert differences(run(quick, out, resume=True), run(quick, tmp_path / "whole")) == []


SCRIPT = """
import signal, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import revorder as ro
from revorder.experiments import Config, Folder, StoppedError, run

if __name__ == "__main__":
    config = Config.from_json(open(sys.argv[1]).read(), "c")
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup's children ignore it
    pool = ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=ro.start_worker)
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


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT to the group", *nightly("SIGTERM", "SIGINT")])
def test_signals_end_in_snapshots(slow, tmp_path, name):
    process, children = started(slow, tmp_path)
    number = getattr(signal, name.split()[0])
    (os.killpg if "group" in name else os.kill)(process.pid, number)
    said, wrong = process.communicate(timeout=60)
    assert process.returncode == 3 and said.startswith("stopped: ") and "Traceback" not in wrong, (said, wrong)
    assert not psutil.wait_procs(children, timeout=10)[1]
    assert len(states_of(tmp_path / "out")) < 3 and list((tmp_path / "out" / "jobs").glob("*.snapshot*"))


def test_orphans_write_a_snapshot_and_end(slow, tmp_path, whole):
    process, children = started(slow, tmp_path)
    process.kill()
    process.communicate()
    assert not psutil.wait_procs(children, timeout=30)[1]
    assert (tmp_path / "out" / PLACE).exists()  # what kill -9 leaves; the next run takes it over
    assert not list((tmp_path / "out").rglob("*.partial"))
    found = run(slow, tmp_path / "out", resume=True)
    assert differences(found, whole) == [] and states_of(found.path)


def test_a_worker_that_is_killed_costs_its_job_only(slow, tmp_path, pool, whole):
    def kill():
        wait_until(lambda: len(list((tmp_path / "out" / "jobs").glob("*.snapshot.safetensors"))) == 2)
        os.kill(next(iter(pool._processes)), signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    with pytest.raises(Exception, match="terminated abruptly") as caught:
        run(slow, tmp_path / "out", executor=pool, interval=0.1)
    thread.join()
    assert "perhaps for lack of memory" in caught.value.__notes__[-2]
    assert "go on with resume=True" in caught.value.__notes__[-1]
    states_of(tmp_path / "out")
    assert differences(run(slow, tmp_path / "out", resume=True), whole) == []


def looking(leave):
    leave.looked = -1.0
    return leave.is_set()


def test_a_run_that_was_taken_over_writes_nothing_even_when_the_other_has_ended(tmp_path):
    with writer(tmp_path) as token:
        leave, late = Leave(tmp_path, token), Leave(tmp_path, token)
        assert not looking(leave) and not looking(late)
        late.set()  # as when its parent is gone
        ask_to_stop(tmp_path, token)
        assert (tmp_path / PLACE).read_text() == f"{token} {STOP}" and looking(leave)
        with writer(tmp_path), pytest.raises(StoppedError, match="another run has taken over"):
            looking(late)
    for each in (leave, late):
        with pytest.raises(StoppedError, match="the run in .* has ended"):
            looking(each)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_that_ends_leaves_the_token_of_the_run(tmp_path):
    with ExitStack() as ends:
        ends.enter_context(writer(tmp_path))
        child = os.fork()
        if not child:
            ends.close()
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert (tmp_path / PLACE).exists()
    assert not (tmp_path / PLACE).exists()


def test_where_no_token_can_be_written_workers_end_without_a_snapshot(tmp_path, monkeypatch):
    def full(place, text):
        raise OSError(28, "No space left on device")

    with writer(tmp_path) as token:
        monkeypatch.setattr(leaves, "write", full)
        ask_to_stop(tmp_path, token)
        with pytest.raises(StoppedError, match="has ended"):
            looking(Leave(tmp_path, token))


def test_a_worker_that_does_not_see_the_folder_says_so(tmp_path):
    said = r"out: .*nowhere is not there for the worker on .*absolute path"
    with pytest.raises(ValueError, match=said), working(Leave(tmp_path / "nowhere", "t"), parent=-1):
        pytest.fail("it was begun")
    with pytest.raises(StoppedError, match="has ended"), working(Leave(tmp_path, "t"), parent=-1):
        pytest.fail("it was begun")


def test_no_job_is_begun_once_a_stop_is_asked_for_or_the_parent_is_gone(tmp_path, monkeypatch):
    with writer(tmp_path) as token:
        with working(Leave(tmp_path, token), parent=os.getpid()):
            assert len(leaves._live) == 1
        assert not leaves._live
        monkeypatch.setattr(leaves, "_orphaned", threading.Event())
        leaves._orphaned.set()
        with pytest.raises(StoppedError, match="begins no job any more"), working(Leave(tmp_path, token), os.getpid()):
            pytest.fail("it was begun")
        leaves._orphaned.clear()
        ask_to_stop(tmp_path, token)
        with pytest.raises(StoppedError, match="begins no job any more"), working(Leave(tmp_path, token), os.getpid()):
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


def dask_of(processes):
    distributed = pytest.importorskip("distributed", reason="dask.distributed (the extra `cluster`)")
    cluster = distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=processes, dashboard_address=None)
    return cluster, distributed.Client(cluster)


def when_there_are_snapshots(folder, count, act):
    def wait_and_act():
        wait_until(lambda: len(list((folder / "jobs").glob("*.snapshot.safetensors"))) >= count)
        act()

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    return thread


def test_a_cluster_that_is_closed_is_named_and_costs_no_job(slow, tmp_path, whole):
    cluster, client = dask_of(processes=False)
    thread = when_there_are_snapshots(tmp_path / "out", 2, cluster.close)
    with pytest.raises(RuntimeError, match=r"executor: it dropped backward-seed\d, so it was .* closed") as caught:
        run(slow, tmp_path / "out", executor=client.get_executor(), interval=0.1)
    thread.join()
    client.close()
    assert "go on with resume=True" in caught.value.__notes__[-1]
    states_of(tmp_path / "out")
    assert differences(run(slow, tmp_path / "out", resume=True), whole) == []


@at_night
def test_a_worker_of_dask_that_is_killed_costs_nothing(slow, tmp_path, whole):
    cluster, client = dask_of(processes=True)
    first = sorted(client.run(os.getpid).values())[0]
    thread = when_there_are_snapshots(tmp_path / "out", 2, lambda: os.kill(first, signal.SIGKILL))
    with cluster, client:
        found = run(slow, tmp_path / "out", executor=client.get_executor(), interval=0.1)
    thread.join()
    assert len(states_of(tmp_path / "out")) == 3 and differences(found, whole) == []


class Deaf(Executor):
    """Its jobs never come back, and nobody can cancel them."""

    def submit(self, work, job):
        return Future()


def test_a_folder_that_goes_away_is_named(slow, tmp_path):
    out = tmp_path / "out"
    thread = when_there_are_snapshots(out, 1, lambda: out.rename(tmp_path / "moved"))
    with pytest.raises((StoppedError, ValueError, FileNotFoundError), match=f"{out}"):
        run(slow, out, executor=ThreadPoolExecutor(2), interval=0.1)
    thread.join()
    assert not out.exists() and list((tmp_path / "moved" / "jobs").iterdir())


def test_a_signal_that_comes_while_the_event_is_being_set_does_not_wait_for_that():
    stop = threading.Event()
    with on_signals(stop):
        for _ in range(2):
            with stop._cond:  # as in the middle of `set`, by another signal or a watcher
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.01)
        assert stop.wait(30)


class Dumb(Executor):
    """It gives nothing back."""

    def submit(self, work, job):
        return None


def test_an_executor_that_gives_nothing_back_is_named(quick, tmp_path):
    with pytest.raises(
        TypeError, match="executor: its submit returned None, but it must be a concurrent.futures.Future"
    ):
        run(quick, tmp_path / "out", executor=Dumb())
    states_of(tmp_path / "out")


class Breaking(ThreadPoolExecutor):
    """It ends while it is given the second job, as Python's pools do whose worker is killed at that moment."""

    def submit(self, work, job):
        if self._work_queue.qsize() or self._threads:
            raise OSError("handle is closed")
        return super().submit(work, job)


def test_a_pool_that_breaks_while_it_is_given_jobs_is_named(quick, tmp_path):
    with Breaking(1) as executor, pytest.raises(RuntimeError, match="executor: it takes no work .*closed") as caught:
        run(quick, tmp_path / "out", executor=executor)
    assert "make a new one" in str(caught.value) and "go on with resume=True" in caught.value.__notes__[-1]
    states_of(tmp_path / "out")
    with ThreadPoolExecutor(1) as executor:
        found = run(quick, tmp_path / "out", executor=executor, resume=True)
    assert differences(found, run(quick, tmp_path / "whole")) == []


def test_workers_that_do_not_answer_are_not_waited_for_for_ever(quick, tmp_path, monkeypatch):
    for module in (leaves, sharing):
        monkeypatch.setattr(module, "GRACE", 0.2)
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError, match=r"0 of 8 jobs were finished.* but 8 did not answer within 0.2 s"):
        run(quick, tmp_path / "out", executor=Deaf(), stop=stop)
    states_of(tmp_path / "out")


def test_a_pool_that_is_shut_down_meanwhile_is_named(slow, tmp_path):
    executor = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    thread = when_there_are_snapshots(tmp_path / "out", 1, lambda: executor.shutdown(wait=False, cancel_futures=True))
    with pytest.raises(RuntimeError, match=r"executor: it dropped backward-seed[12], so it was shut down"):
        run(slow, tmp_path / "out", executor=executor, interval=0.1)
    thread.join()
    states_of(tmp_path / "out")


def test_what_a_worker_needs_is_small():
    assert leaves.EVERY < 1 < leaves.GRACE and multiprocessing.parent_process() is None
    assert isinstance(json.loads(Config.from_json(experiment("mlp-digits", "smoke").to_json(), "x").to_json()), dict)
