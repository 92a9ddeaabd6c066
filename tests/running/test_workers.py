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

import revorder as ro

SCRIPT = """
import sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import revorder as ro

if __name__ == "__main__":
    pool = ProcessPoolExecutor(3, mp_context=get_context(sys.argv[1]), initializer=ro.start_worker)
    pool.submit(time.sleep, 0).result()
    if sys.argv[2] == "busy":
        for _ in range(9):
            pool.submit(time.sleep, 1000)
    print("begun", flush=True)
    time.sleep(1000)
"""


@pytest.mark.parametrize(
    "method, work", [("spawn", "idle"), ("spawn", "busy"), ("forkserver", "idle"), ("fork", "idle")]
)
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
