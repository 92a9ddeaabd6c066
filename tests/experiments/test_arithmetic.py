"""Threads belong to an experiment's configuration: whoever carries it out computes with them, and puts them back."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import pytest
import torch
from processes import printed, python
from torch.utils._pytree import tree_leaves

from revorder.experiments import Config, Folder, StoppedError, run
from revorder.experiments.arithmetic import torch_threads
from revorder.experiments.catalogue import NAMES, experiment
from revorder.experiments.estimates import estimate
from revorder.experiments.typed import configuration, described
from revorder.widgets import ExperimentPanel

LONG_SUMS = Config("sums", "smoke", steps=24, stride=6, seeds=1, width=512, engine="replay", keep_states=True,
                   train_examples=200, test_examples=200, threads=3)  # fmt: skip
OTHER = (1, 2, 5)  # none of them is LONG_SUMS.threads


def bits(folder):
    return {
        key: [leaf.numpy().tobytes() for leaf in tree_leaves(found.states)] for key, found in folder.finished().items()
    }


def card_threads(folder):
    return {line["threads"] for line in folder.card()["jobs"].values()}


@pytest.fixture(autouse=True)
def threads_are_put_back():
    before = torch.get_num_threads()
    yield
    assert torch.get_num_threads() == before


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run(LONG_SUMS, tmp_path_factory.mktemp("results") / "whole")


@pytest.mark.parametrize("outside", OTHER)
def test_a_run_has_its_own_threads_whatever_the_process_has(whole, tmp_path, outside):
    seen = set()
    with torch_threads(outside):
        found = run(LONG_SUMS, tmp_path / "r", watcher=lambda progress: seen.add(torch.get_num_threads()))
        assert torch.get_num_threads() == outside
    assert seen == card_threads(found) == {LONG_SUMS.threads}
    assert bits(found) == bits(whole)


@pytest.mark.parametrize("outside", OTHER)
def test_a_resumed_run_has_the_same_bits_with_other_threads_outside(whole, tmp_path, outside):
    stop = threading.Event()
    with pytest.raises(StoppedError):
        run(LONG_SUMS, tmp_path / "r", stop=stop, watcher=lambda progress: stop.set())
    with torch_threads(outside):
        found = run(LONG_SUMS, tmp_path / "r", resume=True)
    assert bits(found) == bits(whole)


@pytest.mark.parametrize("outside", OTHER)
def test_workers_too(whole, tmp_path, outside):
    with ProcessPoolExecutor(2, get_context("spawn"), torch.set_num_threads, (outside,)) as pool:
        found = run(LONG_SUMS, tmp_path / "r", executor=pool)
        assert set(pool.map(_threads, range(4))) == {outside}
    assert card_threads(found) == {LONG_SUMS.threads}
    assert bits(found) == bits(whole)


def _threads(number):
    return torch.get_num_threads()


@pytest.mark.parametrize("outside", OTHER)
def test_the_command_line_too(whole, tmp_path, outside):
    config = LONG_SUMS.replace(name="mlp-digits")
    words = [f"--set={name}={value}" for name, value in (("steps", 24), ("stride", 6), ("width", 512), ("threads", 3),
             ("keep_states", "true"), ("train_examples", 200), ("test_examples", 200))]  # fmt: skip
    assert configuration("mlp-digits", "smoke", seeds=1, engine="replay",
                         assignments=[word.removeprefix("--set=") for word in words]) == config  # fmt: skip
    options = ["--profile=smoke", "--seeds=1", "--engine=replay", *words, f"--out={tmp_path / 'r'}"]
    printed("-m", "revorder", "run", "mlp-digits", *options, env=os.environ | {"OMP_NUM_THREADS": str(outside)})
    assert bits(Folder(tmp_path / "r")) == bits(whole)


def test_the_panel_too(whole, tmp_path):
    panel = ExperimentPanel(config=LONG_SUMS, folder=tmp_path / "r")
    panel.start.click()
    assert bits(panel.result(60)) == bits(whole)
    assert card_threads(Folder(tmp_path / "r")) == {LONG_SUMS.threads}
    later = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
    seen: list[int] = []
    later.start()
    later.join()
    assert seen == [torch.get_num_threads()]  # a thread that begins later takes over what was set last


def test_experiments_side_by_side_put_back_what_was_there_before_the_first(tmp_path):
    before, opened = torch.get_num_threads(), threading.Barrier(2, timeout=10)
    first_ended = threading.Event()
    seen = {}

    def compute(threads, wait):
        with torch_threads(threads):
            opened.wait()
            seen[threads] = torch.get_num_threads()
            wait()

    first = threading.Thread(target=partial(compute, 3, lambda: None))
    second = threading.Thread(target=partial(compute, 5, lambda: first_ended.wait(10)))
    first.start()
    second.start()
    first.join()
    first_ended.set()
    second.join()
    assert seen == {3: 3, 5: 5}
    fresh = []
    late = threading.Thread(target=lambda: fresh.append(torch.get_num_threads()))
    late.start()
    late.join()
    assert fresh == [before]


def test_prices_are_those_of_the_same_threads(monkeypatch):
    from revorder.experiments import estimates

    seen = set()
    timed = estimates.predict
    monkeypatch.setattr(estimates, "predict", lambda *given: seen.add(torch.get_num_threads()) or timed(*given))
    estimate(LONG_SUMS)
    assert seen == {LONG_SUMS.threads}
    assert "threads: 3" in described(LONG_SUMS, "cpu")


def test_threads_are_chosen_once():
    with torch_threads(5):
        configs = {name: experiment(name, "smoke") for name in NAMES}
    assert {name: config.threads for name, config in configs.items()} == {
        name: 1 if name.startswith("mlp") else 5 for name in NAMES
    }
    resnet = configs["resnet18-cifar10"]
    with torch_threads(2):
        assert resnet.replace(lr=0.5).threads == Config.from_json(resnet.to_json()).threads == 5
        assert resnet.replace(threads=4).threads == 4
        assert resnet.replace(model="mlp").threads == 1
        assert configs["mlp-digits"].replace(model="resnet18").threads == 2
        assert configs["mlp-digits"].replace(model="resnet18", threads=7).threads == 7


@pytest.mark.parametrize("threads", [0, -1, 1025, 1.0, True, "2"])
def test_threads_are_checked(threads):
    with pytest.raises((ValueError, TypeError), match="threads: got"):
        LONG_SUMS.replace(threads=threads)


def test_threads_that_cannot_be_had_are_said(tmp_path):
    stop = threading.Event()
    with pytest.raises(StoppedError):
        run(LONG_SUMS, tmp_path / "r", stop=stop, watcher=lambda progress: stop.set())
    made = python("-m", "revorder", "resume", tmp_path / "r", env=os.environ | {"OMP_THREAD_LIMIT": "2"})
    assert made.returncode == 2
    assert "threads: the configuration has 3, but torch can have 2 here (OMP_THREAD_LIMIT=2)" in made.stderr
    assert len(list((tmp_path / "r" / "jobs").glob("*.snapshot*"))) == 1, "the snapshot is intact"
