"""What ends the work of an executor ends the run, with what its parts have reached, and with what to do."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from concurrent.futures import CancelledError, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import pytest
import torch
from conftest import missing

import revorder as ro

N = 12
TRUTH = [0.5**n for n in range(1, N + 1)]


class Single:
    """Words of one letter repeated: they share nothing, so parts are what their number asks for."""

    def word(self, n):
        return [n - 1] * n


class Stop(BaseException):
    """One that is not made of what it says."""

    def __init__(self, one, other):
        super().__init__(f"{one} and {other}")


def halve(state, batch):
    return state - 0.5 * (state - batch)


def runs(executor, metric=None, **options):
    start, batches = torch.ones((), dtype=torch.float64), torch.zeros(N, dtype=torch.float64)
    metrics = {} if metric is None else {"x": metric}
    return ro.run(halve, start, batches, Single(), range(1, N + 1), engine="replay", progress=False, executor=executor,
                  metrics=metrics, **options)  # fmt: skip


class Ends:
    """A metric that ends the part with step 4 there, once the other part can be through."""

    def __init__(self, error):
        self.error = error

    def __call__(self, state):
        if float(state) == TRUTH[3]:
            time.sleep(1)
            if self.error is None:
                os._exit(1)
            raise Stop(1, 2) if self.error is Stop else self.error  # which cannot travel, not even as a part of this
        return float(state)


def held(error, least=4):
    """What an exception carries: checkpoints with their states, of which it says how many there are, once."""
    found = error.trajectory
    assert len(found.steps) >= least and found.states.tolist() == [TRUTH[n - 1] for n in found.steps]
    said = [
        note for note in [str(error), *getattr(error, "__notes__", [])] if "checkpoints of Single were reached" in note
    ]
    assert said == [
        f"{len(found.steps)} of {N} checkpoints of Single were reached; this exception's `trajectory` has them"
    ]
    assert not hasattr(error, "reached")


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        runs(pool)  # both have started
        yield pool


@pytest.fixture
def threads():
    with ThreadPoolExecutor(2) as pool:
        yield pool


BASES = [SystemExit(3), GeneratorExit(), KeyboardInterrupt(), asyncio.CancelledError()]


@pytest.mark.parametrize("pool", ["threads", "processes"])
@pytest.mark.parametrize("error", BASES, ids=lambda error: type(error).__name__)
def test_what_is_no_exception_is_rescued_too(request, pool, error):
    kind = ro.RunInterrupted if isinstance(error, KeyboardInterrupt) else type(error)
    with pytest.raises(kind) as caught:
        runs(request.getfixturevalue(pool), Ends(error))
    held(caught.value)


def test_one_of_a_users_own(threads):
    with pytest.raises(Stop, match="1 and 2") as caught:
        runs(threads, Ends(Stop))
    held(caught.value)


@pytest.mark.parametrize("pool", ["threads", "processes"])
def test_full_memory_of_a_worker(request, pool):
    with pytest.raises(MemoryError, match=r"metrics\['x'\]: (.|\n)*too little memory") as caught:
        runs(request.getfixturevalue(pool), Ends(RuntimeError("std::bad_alloc")))
    held(caught.value)


def test_a_pool_that_is_shut_down_in_the_middle_is_not_waited_for(threads):
    """`as_completed` never hears of futures that shutdown(cancel_futures=True) cancels."""
    begun, on = threading.Event(), threading.Event()

    def wait():
        begun.set()
        on.wait(60)

    for _ in range(2):
        threads.submit(wait)
    begun.wait(60)
    ended = []

    def go():
        try:
            runs(threads)
        except BaseException as error:
            ended.append(error)

    running = threading.Thread(target=go, daemon=True)
    running.start()
    while threads._work_queue.qsize() < 2:
        time.sleep(0.01)
    threads.shutdown(wait=False, cancel_futures=True)
    running.join(60)
    on.set()
    (error,) = ended
    assert isinstance(error, CancelledError) and error.trajectory is None
    assert "executor: parts of the run were cancelled" in "".join(error.__notes__)


def test_a_pool_that_was_shut_down_takes_no_work():
    pool = ThreadPoolExecutor(2)
    pool.shutdown()
    with pytest.raises(RuntimeError, match="executor: it takes no work .*shutdown.*make a new one") as caught:
        runs(pool)
    assert isinstance(caught.value.__cause__, RuntimeError) and caught.value.trajectory is None


@pytest.fixture
def cluster():
    try:
        from dask.distributed import Client, LocalCluster
    except ImportError:
        missing("dask.distributed (the extra `cluster`)")
    options = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, **options) as local, Client(local) as client:
        yield local, client


def test_a_dask_worker_that_dies(cluster):
    with pytest.raises(Exception, match="died") as caught:
        runs(cluster[1].get_executor(), Ends(None))
    assert type(caught.value).__name__ == "KilledWorker"
    assert "a worker ended without a word" in "".join(caught.value.__notes__)
    held(caught.value)


def test_leaving_does_not_kill_dask_workers_one_after_the_other(cluster):
    before = set(cluster[1].nthreads())
    with pytest.raises(SystemExit) as caught:
        runs(cluster[1].get_executor(), Ends(SystemExit(3)))
    held(caught.value)
    assert set(cluster[1].nthreads()) == before


class Endless:
    """A metric that waits at step 4 until its worker is gone."""

    def __call__(self, state):
        if float(state) == TRUTH[3]:
            time.sleep(60)
        return float(state)


def test_a_dask_cluster_that_is_closed_in_the_middle(cluster):
    local, client = cluster
    seen = []

    def show(reached):
        if not seen:  # the other part has come back
            threading.Thread(target=local.close, daemon=True).start()
        seen.append(reached)

    executor = client.get_executor()
    with pytest.raises(CancelledError) as caught:
        runs(executor, Endless(), on_checkpoint=show)
    held(caught.value)
    assert "executor: parts of the run were cancelled" in "".join(caught.value.__notes__)
    client.close()
    with pytest.raises(RuntimeError, match="executor: it takes no work .*make a new one"):
        runs(executor)


def nested(state):
    """A metric that shares a run of its own."""
    with ThreadPoolExecutor(1) as inner:
        return float(runs(inner).cost) + float(state)


def test_a_shared_run_inside_a_part_is_refused():
    said = r"executor: got .*inside a part of another run .*leave executor out here"
    with ThreadPoolExecutor(2) as outer, pytest.raises(ValueError, match=said):
        runs(outer, nested)
    with ThreadPoolExecutor(1) as again:  # the turn was given back
        assert runs(again).steps == list(range(1, N + 1))


def test_a_shared_run_inside_one_that_is_not_shared_is_made():
    assert runs(None, nested).metrics["x"].tolist() == [78 + each for each in TRUTH]
