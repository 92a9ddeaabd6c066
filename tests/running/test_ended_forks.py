"""Workers that were forked have none of torch's threads: they compute on one thread each, and the run says so."""

from __future__ import annotations

import multiprocessing
import os
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest
import torch
from processes import python

import revorder as ro
from revorder.running import forks, turns

pytestmark = pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")

SCRIPT = """
import sys, torch, revorder as ro
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from torch.nn.functional import cross_entropy

def run(executor=None):
    return ro.run(update, start, batches, "backward", [2, 4, 6], progress=False, executor=executor).engine

def seeds():
    found = ro.run_seeds(lambda state, batch: state - batch, large, ones, "forward", [3], progress=False)
    return float(found.states.sum())

def again(_):
    return [seeds(), torch.get_num_threads(), run()]

if __name__ == "__main__":
    torch.set_num_threads(2)
    loss, params = ro.module_loss(ro.models.mlp(400, 300, 10), cross_entropy)
    update = ro.sgd(loss, 0.1)
    start, batches = update.init(params), [(torch.rand(128, 400), torch.arange(128) % 10) for _ in range(6)]
    large, ones = torch.ones(2**20), torch.ones(2, 3)
    run(), seeds()  # torch's threads are there
    what, fork = sys.argv[1], get_context("fork")
    if what == "map":
        with fork.Pool(1) as pool:
            print(*pool.map_async(again, [0]).get(60)[0], sep="; ")
    else:
        one = {"initializer": torch.set_num_threads, "initargs": (1,)} if what == "one" else {}
        with ProcessPoolExecutor(2, mp_context=fork, **one) as pool:
            print(run(pool))
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    made = tmp_path_factory.mktemp("forks") / "script.py"
    made.write_text(SCRIPT)
    return made


def said(script, what):
    made = python(script, what, timeout=100)
    assert made.returncode == 0, made.stderr
    return made.stdout.splitlines()[-1], made.stderr


def test_forked_workers_take_one_thread_and_it_is_said(script):
    engine, told = said(script, "several")
    assert forks.ALONE in engine and engine.count("in 2 parts") == 1
    assert told.count("RuntimeWarning: executor: its workers were forked") == 1
    assert "get_context('spawn')" in told and "initializer=torch.set_num_threads, initargs=(1,)" in told


def test_those_that_have_one_thread_are_not_spoken_of(script):
    engine, told = said(script, "one")
    assert forks.ALONE not in engine and "RuntimeWarning" not in told


def test_a_run_inside_of_a_forked_process_does_not_wait_either(script):
    found, told = said(script, "map")
    assert found.startswith(f"-4194304.0; 1; {forks.ALONE}")
    assert told.count("RuntimeWarning: this process was forked") == 1


def test_a_forked_worker_does_not_wait_for_the_turn_of_a_thread_that_it_does_not_have():
    with turns._turn:
        child = os.fork()
        if not child:
            os._exit(0 if turns._turn.acquire(timeout=5) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


class Threads:
    """torch's number of threads, without setting it."""

    def __init__(self, monkeypatch, count):
        self.count = count
        monkeypatch.setattr(forks.torch, "get_num_threads", lambda: self.count)
        monkeypatch.setattr(forks.torch, "set_num_threads", self.set)

    def set(self, count):
        self.count = count


def test_it_is_settled_once(monkeypatch):
    threads, fork = Threads(monkeypatch, 4), forks.Fork()
    assert not fork.settle() and threads.count == 4 and not fork.alone  # not forked
    fork.happened()
    assert fork.settle() and threads.count == 1 and fork.alone
    threads.set(4)  # who asks for more is believed
    assert not fork.settle() and threads.count == 4 and fork.alone
    fork.happened()
    threads.set(1)
    assert not fork.settle() and not fork.alone


def value(state):
    return float(state)


def test_spawned_workers_keep_their_threads():
    context = get_context("spawn")
    with ProcessPoolExecutor(1, context, torch.set_num_threads, (2,)) as pool, warnings.catch_warnings():
        warnings.simplefilter("error")
        ro.run(torch.sub, torch.ones(()), torch.zeros(3), "forward", [3], progress=False, executor=pool,
               engine="replay", metrics={"x": value})  # fmt: skip
        assert pool.submit(torch.get_num_threads).result() == 2
