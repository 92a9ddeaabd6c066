"""Interrupted runs: what was reached is kept, the kernel goes on, and no thread or process stays behind."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil
import pytest
import torch
from family import literally, network, run, same_bits

import revorder as ro


@pytest.fixture(scope="module")
def case():
    return network(ro.models.mlp(64, 12, 10))


class Calls:
    """A count that copies of an update share: those that a run compares its steps with are interrupted as well."""

    made = 0

    def __deepcopy__(self, memo):
        return self


def interrupting(update, after):
    """The update, as if Ctrl-C were pressed in evaluation number `after`."""
    calls = Calls()

    def interrupted(state, batch):
        calls.made += 1
        if calls.made == after:
            raise KeyboardInterrupt
        return update(state, batch)

    return interrupted


def test_what_was_reached_is_kept_and_the_next_run_is_undisturbed(case):
    whole = run(case, "backward", range(1, 8), engine="replay")
    with pytest.raises(KeyboardInterrupt) as caught:
        ro.run(interrupting(case.update, 20), case.start, case.batches, "backward", range(1, 8), engine="replay",
               progress=False)  # fmt: skip
    stopped = caught.value
    assert isinstance(stopped, ro.RunInterrupted)
    assert 0 < len(stopped.trajectory.steps) < 7
    assert f"{len(stopped.trajectory.steps)} of 7 checkpoints of backward were reached" in str(stopped)
    for n in stopped.trajectory.steps:
        assert same_bits(stopped.trajectory.state(n), literally(case, ro.Backward().word(n)))
    again = run(case, "backward", range(1, 8), engine="replay")
    assert same_bits(again.states, whole.states)


def test_nothing_reached_yet(case):
    with pytest.raises(ro.RunInterrupted, match="0 of 1 checkpoints") as caught:
        ro.run(interrupting(case.update, 2), case.start, case.batches, "forward", [5], engine="replay", progress=False)
    assert caught.value.trajectory is None
    assert pickle.loads(pickle.dumps(caught.value)).args == caught.value.args


KERNEL_CELLS = """
import sys, time, torch, revorder as ro
def slow(state, batch):
    time.sleep(0.05)
    return state + batch
batches = torch.ones(1000, dtype=torch.float64)
ro.run(slow, torch.zeros((), dtype=torch.float64), batches, 'forward', [2])  # the progress bar's thread comes and stays
import threading; threads = threading.active_count()
"""
RUN = "path = ro.run(slow, torch.zeros((), dtype=torch.float64), batches, 'forward', range(1, 1001), engine='replay')"
NEXT_CELL = {"stop_on_error": False, "timeout": 120}  # not one that was in the queue when another failed
AFTER = """
path = sys.last_value.trajectory
assert 0 < len(path.steps) < 1000 and path.states.tolist() == [float(n) for n in path.steps]
print('usable', len(path.frame().columns), path.state(1).item(), threading.active_count() == threads)
"""


@pytest.fixture
def kernel():
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_notebook_goes_on_after_its_stop_button(kernel):
    manager, client = kernel
    printed = []

    def hook(message):
        printed.append(message["content"].get("text", "") + message["content"].get("ename", ""))

    def cell(source):
        printed.clear()
        return client.execute_interactive(source, output_hook=hook, **NEXT_CELL)["content"]["status"]

    assert cell(KERNEL_CELLS) == "ok"
    timer = threading.Timer(3, manager.interrupt_kernel)
    timer.start()
    assert cell(RUN) == "error"
    assert "RunInterrupted" in "".join(printed)
    assert cell(AFTER) == "ok", printed
    assert "usable 4 1.0 True" in "".join(printed)


def dawdle(state, batch):
    """An evaluation that takes a while, in a worker that says that it has begun."""
    Path(os.environ["REVORDER_TEST_BEGUN"]).touch()
    time.sleep(0.1)
    return state + batch


@pytest.fixture
def heard():
    """SIGINT raises KeyboardInterrupt, also in a process that a shell started in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("posix", "heard")
def test_an_interrupted_executor_leaves_no_process_or_thread(tmp_path, monkeypatch):
    begun = tmp_path / "begun"
    monkeypatch.setenv("REVORDER_TEST_BEGUN", str(begun))
    before = set(threading.enumerate())
    batches = torch.ones(30, dtype=torch.float64)

    def press_stop():
        while not begun.exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press_stop, daemon=True).start()
    context = multiprocessing.get_context("spawn")
    with pytest.raises(ro.RunInterrupted), ProcessPoolExecutor(2, mp_context=context) as executor:
        ro.run(dawdle, batches[0], batches, "backward", [29, 30], engine="replay", executor=executor, progress=False)
    children = [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]
    assert not [command for command in children if "spawn_main" in command]
    assert set(threading.enumerate()) <= before
