"""On a GPU: experiments that are killed, asked to stop, and shared by several processes end in the same bits."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
import torch
from family import same_bits
from processes import begun, printed
from results import differences
from second_device import THERE, needs_gpu
from stand_ins import data_of, moved

import revorder as ro
from revorder.experiments import Folder, build, jobs, run
from revorder.experiments.arithmetic import arithmetic_of
from revorder.experiments.catalogue import NAMES, experiment
from revorder.experiments.job import Snapshots, carry_out_job

pytestmark = needs_gpu
CONFIG = experiment("mlp-digits", "smoke", engine="replay", keep_states=True, seeds=2, steps=120, stride=10)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run(CONFIG, tmp_path_factory.mktemp("whole") / "results", device="cuda")


def command(tmp_path):
    (tmp_path / "config.json").write_text(CONFIG.to_json())
    return ("-m", "revorder", "run", CONFIG.name, "--config", tmp_path / "config.json", "--device", "cuda",
            "--interval", "0", "--out", tmp_path / "out", "--yes")  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_experiment_gives_the_same_bits_again(name, tmp_path):
    small = {"width": 16} if "resnet" in name else {}
    config = experiment(name, "smoke", engine="replay", threads=1, seeds=1, steps=6, stride=3, train_examples=60,
                        test_examples=20, train_measured=10, **small)  # fmt: skip
    data, (*_, job) = moved(data_of(config), THERE), jobs(config)
    with arithmetic_of(config):
        one, other = (
            carry_out_job(config, job, build(config, data, 0), Snapshots(tmp_path / str(number), job, 1e9))
            for number in range(2)
        )
    assert job.order == "backward" and "nondeterministic" not in one.engine
    assert all(np.array_equal(values, other.metrics[metric]) for metric, values in one.metrics.items())


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM"])
def test_stopped_and_resumed(whole, tmp_path, name):
    process = begun(*command(tmp_path))
    while not list(tmp_path.glob("out/**/*backward*")):
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    time.sleep(0.3)
    os.kill(process.pid, getattr(signal, name))
    process.communicate()
    assert process.returncode == (3 if name == "SIGTERM" else -9)
    printed("-m", "revorder", "resume", tmp_path / "out", "--device", "cuda")
    assert differences(Folder(tmp_path / "out"), whole) == []


def test_two_processes_share_one_gpu(whole, tmp_path):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=ro.start_worker) as pool:
        shared = run(CONFIG, tmp_path / "shared", device="cuda", executor=pool)
    assert differences(shared, whole) == []


def halfway(state, batch):
    return state - 0.5 * (state - batch)


def test_two_processes_share_a_run():
    batches = torch.rand(40, device="cuda")
    given = halfway, torch.zeros(3, device="cuda"), batches, "backward", range(1, 41)
    alone = ro.run(*given, engine="replay", progress=False)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), initializer=ro.start_worker) as pool:
        shared = ro.run(*given, engine="replay", progress=False, executor=pool)
    assert same_bits(shared.states.to(THERE), alone.states)
