"""Threads belong to an experiment's configuration: whoever carries it out computes with them, and puts them back."""

from __future__ import annotations

import ctypes
import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_all_start_methods, get_context

import numpy as np
import pytest
import torch
from processes import printed, python
from torch.utils._pytree import tree_leaves

from revorder.experiments import Config, Folder, StoppedError, run
from revorder.experiments.arithmetic import most_threads, torch_threads
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
    with ThreadPoolExecutor(1) as fresh:
        assert fresh.submit(torch.get_num_threads).result() == before


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


def test_workers_too(whole, tmp_path, outside=5):
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


def test_experiments_side_by_side_leave_all_other_threads_alone():
    """Threads that use torch for the first time meanwhile, and those with a number of their own, keep theirs."""
    code = """
import threading
import torch
from revorder.experiments.arithmetic import most_threads, torch_threads

default = torch.get_num_threads() if early else threads
if not early: torch.set_num_threads(default)
opened, first_ended, seen = threading.Barrier(3, timeout=10), threading.Event(), {}

def compute(threads, own, wait):
    if own: torch.set_num_threads(own)
    with torch_threads(threads):
        opened.wait()
        seen[threads] = torch.get_num_threads()
        wait()
    seen[threads, "after"] = torch.get_num_threads()

def look(name):
    def work(): seen[name] = torch.get_num_threads()
    thread = threading.Thread(target=work); thread.start(); thread.join()

first = threading.Thread(target=compute, args=(3, 0, lambda: None))
second = threading.Thread(target=compute, args=(5, 0, lambda: first_ended.wait(10)))
first.start(); second.start(); opened.wait()
seen["main"] = torch.get_num_threads()
look("born meanwhile")
first.join(); first_ended.set(); second.join()
look("born later")
seen["main later"] = torch.get_num_threads()
assert seen == {3: 3, 5: 5, (3, "after"): default, (5, "after"): default} | dict.fromkeys(
    ["main", "born meanwhile", "born later", "main later"], default), (default, seen)
"""
    for early in (True, False):
        printed("-c", f"early, threads = {early}, 4\n" + code)


def test_a_thread_gets_its_own_number_back():
    """Not that of whoever began first."""
    inside, leave, found = threading.Event(), threading.Event(), []

    def work():
        torch.set_num_threads(2)
        with torch_threads(3):
            inside.set()
            leave.wait(10)
        found.append(torch.get_num_threads())

    before = torch.get_num_threads()
    thread = threading.Thread(target=work)
    thread.start()
    inside.wait(10)
    with torch_threads(5):
        leave.set()
        thread.join()
        assert torch.get_num_threads() == 5
    assert found == [2]
    torch.set_num_threads(before)  # for threads to come: the worker chose 2 for them


def test_prices_are_those_of_the_same_threads(monkeypatch):
    from revorder.experiments import pricing

    seen = set()
    timed = pricing.predict
    monkeypatch.setattr(pricing, "predict", lambda *given: seen.add(torch.get_num_threads()) or timed(*given))
    estimate(LONG_SUMS.replace(engine="wavefront"))
    assert seen == {LONG_SUMS.threads}
    assert "threads: 3" in described(LONG_SUMS, "cpu")


def test_threads_are_chosen_once():
    with torch_threads(5):
        configs = {name: experiment(name, "smoke") for name in NAMES}
    assert {name: config.threads for name, config in configs.items()} == {
        name: 5 if name.startswith("resnet") else 1 for name in NAMES
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


def openmp(**variables):
    """The environment of a process whose OpenMP library is told so."""
    if most_threads() < 3:
        pytest.skip("OpenMP is limited here already")
    if not hasattr(ctypes.CDLL(None) if os.name != "nt" else None, "omp_get_thread_limit"):
        pytest.skip("there is no OpenMP library that can be asked")
    return {"env": os.environ | variables}


FEWER = {"OMP_THREAD_LIMIT": "2", "OMP_DYNAMIC": "true", "OMP_MAX_ACTIVE_LEVELS": "0"}


@pytest.mark.parametrize("name", FEWER)
def test_threads_that_cannot_be_had_are_said(tmp_path, name):
    stop, limited = threading.Event(), openmp(**{name: FEWER[name]})
    with pytest.raises(StoppedError):
        run(LONG_SUMS, tmp_path / "r", stop=stop, watcher=lambda progress: stop.set())
    made = python("-m", "revorder", "resume", tmp_path / "r", **limited)
    assert made.returncode == 2
    had = 2 if name == "OMP_THREAD_LIMIT" else 1
    assert f"threads: the configuration has 3, but {had} can be had here" in made.stderr and name in made.stderr
    assert len(list((tmp_path / "r" / "jobs").glob("*.snapshot*"))) == 1, "the snapshot is intact"


@pytest.mark.parametrize("limit", [" 1", "+1", "1 "])  # all of these limit OpenMP, too
def test_nothing_is_written_where_threads_cannot_be_had(tmp_path, limit):
    (tmp_path / "config.json").write_text(LONG_SUMS.to_json())
    code = f"""
from pathlib import Path
from revorder.experiments import Config, experiment, run
assert experiment("resnet18-cifar10", "smoke").threads == 1  # what can be had is what is chosen
here = Path({str(tmp_path)!r})
try:
    run(Config.from_json((here / "config.json").read_text()), here / "r")
except ValueError as error:
    print(str(error).startswith("threads: "), (here / "r").exists())
"""
    assert printed("-c", code, **openmp(OMP_THREAD_LIMIT=limit)).split() == ["True", "False"]


def test_a_limit_that_openmp_ignores_is_none():
    assert printed(
        "-c",
        "from revorder.experiments.arithmetic import check_threads; check_threads(1024); print('fine')",
        **openmp(OMP_THREAD_LIMIT="0"),
    ).split() == ["fine"]


def test_forked_workers_are_refused_where_they_would_wait_forever(tmp_path):
    if "fork" not in get_all_start_methods():
        pytest.skip("this system cannot fork")
    refused = pytest.raises(ValueError, match=r"executor: .* are forked.*spawn")
    with ProcessPoolExecutor(1, get_context("fork")) as pool, refused:
        run(LONG_SUMS, tmp_path / "r", executor=pool)
    assert not (tmp_path / "r").exists()


def test_a_folder_computed_with_other_threads_says_so(whole):
    with pytest.raises(ValueError, match=r"another configuration \(threads 3, not 4\).*revorder resume"):
        run(LONG_SUMS.replace(threads=4), whole.path, resume=True)


def test_a_file_must_say_its_threads():
    text = LONG_SUMS.to_json()
    for wrong in ("null", "0", "1.5", "true", '"2"', "1025"):
        with pytest.raises(ValueError, match="is damaged: threads: got"):
            Config.from_json(text.replace('"threads": 3', f'"threads": {wrong}'))


def test_numpys_integers_are_whole_numbers():
    config = LONG_SUMS.replace(threads=np.int64(3), steps=np.int32(24), train_examples=np.int64(200))
    assert config == LONG_SUMS and Config.from_json(config.to_json()) == config
