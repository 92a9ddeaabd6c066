"""Workers of a pool have the threads that they are given, and end with their parent, with and without work."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import psutil
import pytest
import torch
from joblib.externals.loky import get_reusable_executor
from nights import nightly

import revorder as ro

SCRIPT = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import revorder as ro
from joblib.externals.loky import get_reusable_executor

if __name__ == "__main__":
    if sys.argv[1] == "loky":
        pool = get_reusable_executor(3, initializer=ro.start_worker, timeout=1000)
    else:
        pool = ProcessPoolExecutor(3, mp_context=get_context(sys.argv[1]), initializer=ro.start_worker)
    pool.submit(time.sleep, 0).result()
    if sys.argv[2] == "busy":
        for _ in range(9):
            pool.submit(time.sleep, 1000)
    print("begun", flush=True)
    time.sleep(1000)
"""


@pytest.mark.parametrize("method, work", [
    ("spawn", "idle"), ("fork", "idle"), ("loky", "busy"), *nightly(("spawn", "busy"), ("forkserver", "idle")),
])  # fmt: skip
def test_workers_end_with_a_parent_that_is_killed(tmp_path, method, work):
    (tmp_path / "script.py").write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, tmp_path / "script.py", method, work], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "begun\n"
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.kill()
    process.communicate()
    assert not psutil.wait_procs(children, timeout=60)[1]


def test_pools_of_joblib_share_runs_and_experiments(tmp_path, capfd):
    loky = get_reusable_executor(2, initializer=ro.start_worker)
    data = torch.linspace(-1, 1, 40, dtype=torch.float64)
    alone, shared = (
        ro.run(lambda state, batch: state + (batch - state) / 8, data.new_zeros(()), data, "backward", range(1, 41),
               progress=False, executor=executor) for executor in (None, loky)
    )  # fmt: skip
    assert "in 2 parts" in shared.engine
    torch.testing.assert_close(shared.states, alone.states, rtol=0, atol=1e-14)
    tiny = ro.experiments.Config("tiny", seeds=2, steps=20, stride=10, width=4, engine="replay")
    folders = [ro.experiments.run(tiny, tmp_path / str(number), executor=[None, loky][number]) for number in range(2)]
    assert folders[1].frame().equals(folders[0].frame())
    loky.shutdown()
    assert "Exception in thread" not in capfd.readouterr().err


def test_workers_have_the_threads_that_they_are_given():
    spawn = get_context("spawn")
    for given, threads in ((), 1), ((2,), 2):
        with ProcessPoolExecutor(1, mp_context=spawn, initializer=ro.start_worker, initargs=given) as pool:
            assert pool.submit(torch.get_num_threads).result() == threads


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "2", None, 1025, 10**12])
def test_threads_that_are_none(threads):
    with pytest.raises(ValueError, match="threads: got .*whole number from 1 to 1024"):
        ro.start_worker(threads)


def test_where_there_is_no_parent_nothing_ends():
    before = torch.get_num_threads()
    ro.start_worker(before)
    time.sleep(0.1)
    assert torch.get_num_threads() == before
