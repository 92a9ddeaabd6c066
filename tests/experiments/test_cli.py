"""The command line: what it says, its exit codes, and the whole way from a plan to a report."""

from __future__ import annotations

import io
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from processes import begun, python

from revorder.data import cifar
from revorder.experiments import Config, Folder, progress, run
from revorder.experiments.catalogue import NAMES
from revorder.experiments.cli import main
from revorder.experiments.progress import Watcher
from revorder.experiments.typed import configuration, device_of

SMALL = ("--profile", "smoke", "--seeds", "1", "--set", "steps=20", "--set", "stride=5", "--set", "width=4")


def cli(*words, code=0):
    made = CliRunner().invoke(main, [str(word) for word in words])
    assert made.exit_code == code, (made.output, made.exception)
    assert made.exception is None or isinstance(made.exception, SystemExit)
    return made.output


def test_list_names_everything():
    said = cli("list")
    assert all(name in said for name in (*NAMES, "smoke", "laptop", "gpu", "stand-in"))


def test_help_explains():
    assert "Backward-SGD applies it first" in cli("--help")
    for command in ("list", "plan", "run", "resume", "report"):
        assert len(cli(command, "--help")) > 80
    said = cli("run", "--help")
    for option in ("--profile", "--orders", "--seeds", "--device", "--out", "--data", "--engine", "--set",
                   "--interval", "--resume", "--yes"):  # fmt: skip
        assert option in said


def test_help_is_quick_and_needs_no_torch():
    code = "import sys; sys.modules['torch'] = None; from revorder.experiments.cli import main; main(['run', '--help'])"
    assert "--profile" in python("-c", code).stdout


def test_plan_shows_the_price_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = cli("plan", "mlp-digits", "--profile", "smoke", "--orders", "forward", "--orders", "backward,two-sided")
    assert "1,100" in said and "peak states" in said and "estimate" in said and "two-sided" in said
    assert not list(tmp_path.iterdir())


def test_from_run_to_report(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = cli("run", "mlp-digits", *SMALL)
    assert "predicted time" in said and "revorder report results/mlp-digits-smoke" in said
    assert set(Folder("results/mlp-digits-smoke").finished()) == {("forward", 0), ("backward", 0)}
    assert "report.html" in cli("report", "results/mlp-digits-smoke")
    assert (tmp_path / "results/mlp-digits-smoke/report/report.html").exists()
    cli("report", "results/mlp-digits-smoke", "results/mlp-digits-smoke")
    assert (tmp_path / "report/report.md").exists()
    cli("run", "mlp-digits", *SMALL, "--resume")  # nothing is left to do
    cli("resume", "results/mlp-digits-smoke")
    assert "holds results already" in cli("run", "mlp-digits", *SMALL, code=2)
    assert "another configuration" in cli("run", "mlp-digits", *SMALL, "--resume", "--set", "lr=0.3", code=2)


@pytest.mark.parametrize("there", [True, False])
def test_the_gpu_is_the_default_where_there_is_one(monkeypatch, there):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    monkeypatch.setattr(torch, "zeros", lambda *size, device=None: torch.ones(1))
    assert device_of(None) == ("cuda" if there else "cpu") and device_of("meta") == "meta"
    priced = []
    monkeypatch.setattr("revorder.experiments.estimates.estimate",
                        lambda config, device, told: priced.append(device) or SimpleNamespace(seconds=0.0))  # fmt: skip
    cli("plan", "mlp-digits", "--profile", "smoke")
    cli("plan", "mlp-digits", "--profile", "smoke", "--device", "cpu")
    assert priced == ["cuda" if there else "cpu", "cpu"]
    how = {"data": None, "device": "cpu"}
    assert ("--device=cpu" in progress._again(Path("r"), how)) is there  # else resuming would take the default
    assert "--device" not in progress._again(Path("r"), how | {"device": device_of(None)})


def test_options_become_fields():
    config = configuration("mlp-digits", "smoke", ["forward,backward-tail:3", "two-sided"], 4, "replay",
                           ["lr=0.25", "data_order=iid", "train_examples=null", 'norm="group"'])  # fmt: skip
    assert config.orders == ("forward", "backward-tail:3", "two-sided")
    assert (config.seeds, config.engine, config.lr) == (4, "replay", 0.25)
    assert (config.data_order, config.train_examples, config.norm) == ("iid", None, "group")
    assert configuration("mlp-digits", "smoke", assignments=['orders=["backward"]']).orders == ("backward",)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["mlp-digit"], "did you mean 'mlp-digits'"),
        (["mlp-digits", "--profile", "lap"], "did you mean 'laptop'"),
        (["mlp-digits", "--orders", "backwards"], "did you mean 'backward'"),
        (["mlp-digits", "--orders", "forward,forward"], "only once"),
        (["mlp-digits", "--engine", "warp"], "engine: got 'warp'"),
        (["mlp-digits", "--seeds", "0"], "seeds: got 0"),
        (["mlp-digits", "--seeds", "many"], "not a valid integer"),
        (["mlp-digits", "--set", "lr"], "FIELD=VALUE"),
        (["mlp-digits", "--set", "rate=1"], "no such field"),
        (["mlp-digits", "--set", "lr=NaN"], "lr: got nan"),
        (["mlp-digits", "--set", "lr=" + "[" * 5000], "lr: got"),
        (["mlp-digits", "--set", "batch_size=5000"], "batch_size: got 5000"),
        (["mlp-digits", "--device", "cude"], "device: got 'cude'"),
        (["mlp-digits", "--device", "cuda:99"], "cannot be used here"),
        (["mlp-digits", "--nothing"], "No such option"),
    ],
)
def test_bad_input_is_exit_code_2(tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    assert message in cli("plan", *words, code=2)
    cli("run", *words, code=2)
    assert not list(tmp_path.iterdir())


def test_folders_that_are_none(tmp_path):
    assert "not a result folder" in cli("resume", tmp_path, code=2)
    assert "not a result folder" in cli("report", tmp_path / "none", code=2)
    assert not (tmp_path / "none").exists()
    (tmp_path / "thesis.tex").write_text("mine")
    assert "not empty" in cli("run", "mlp-digits", *SMALL, "--out", tmp_path, code=2)
    said = cli("run", "mlp-fashion-mnist", *SMALL, "--data", tmp_path, "--out", tmp_path / "r", code=2)
    assert "has no train-images" in said


def test_a_folder_in_use_is_exit_code_4(tmp_path):
    with Folder(tmp_path / "r").locked():
        assert "another process" in cli("run", "mlp-digits", *SMALL, "--out", tmp_path / "r", code=4)


@pytest.mark.usefixtures("posix")
def test_a_full_disk_is_exit_code_1(tmp_path):
    """No file may grow beyond a limit; the message says what is intact and how to go on."""
    code = """
import resource, sys, torch._dynamo  # some releases of torch write files when it is imported
from revorder.experiments.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
main(sys.argv[1:])
"""
    words = ["run", "mlp-digits", *SMALL, "--set", "width=64", "--interval", "0", "--out", tmp_path / "r"]
    made = python("-c", code, *words, timeout=120)
    assert made.returncode == 1, made.stderr
    assert f"File too large: '{tmp_path / 'r'}" in made.stderr and "Traceback" not in made.stderr
    assert f"finished jobs are intact. Go on with: revorder resume {tmp_path / 'r'}" in made.stderr
    cli("resume", tmp_path / "r")


def test_a_no_to_a_long_run_starts_nothing(tmp_path, monkeypatch):
    from revorder.experiments import cli as module

    monkeypatch.setattr(module, "LONG", 0)
    monkeypatch.setattr(module, "_asks", lambda: True)
    words = ["run", "mlp-digits", *SMALL, "--out", str(tmp_path / "r")]
    made = CliRunner().invoke(main, words, input="n\n")
    assert made.exit_code == 1 and "Start?" in made.output and not (tmp_path / "r").exists()
    assert "Start?" not in cli(*words, "--yes")


@pytest.mark.usefixtures("posix")
def test_sigterm_is_exit_code_3_and_resume_finishes(tmp_path):
    path = tmp_path / "r"
    long = ["--set", "steps=6000", "--set", "stride=60", "--set", "train_examples=200", "--set", "test_examples=50"]
    words = ["--profile", "smoke", "--seeds", "1", *long, "--engine", "replay", "--interval", "0.05"]
    process = begun("-m", "revorder", "run", "mlp-digits", *words, "--orders", "forward", "--out", path)
    until = time.monotonic() + 120
    while not list(path.glob("jobs/*snapshot*")):
        assert process.poll() is None and time.monotonic() < until, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 3, errors
    assert "Traceback" not in errors and f"Go on with: revorder resume {path}" in errors
    assert not Folder(path).finished()
    assert "Results are in" in cli("resume", path)
    config = Folder(path).config()
    again = run(config, tmp_path / "again").finished()["forward", 0]
    assert np.array_equal(Folder(path).finished()["forward", 0].metrics["test loss"], again.metrics["test loss"])


def test_divergence_is_said(tmp_path):
    said = cli("run", "mlp-digits", *SMALL, "--set", "lr=1e30", "--out", tmp_path / "r")
    assert "Diverged: forward-seed0: the state at step" in said


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_counts_all_jobs_and_says_the_test_loss(tmp_path):
    config = Config("bar", steps=40, stride=10, seeds=2, width=4, train_examples=100, test_examples=20)
    stream, log = Terminal(), io.StringIO()
    with Watcher(config, tmp_path / "a", stream) as watcher:
        run(config, tmp_path / "a", watcher=watcher)
    assert watcher.bar.n == watcher.total == 2 * (40 + 100)
    assert "job 4/4, backward, seed 1, test loss" in stream.getvalue() and "100%" in stream.getvalue()
    with Watcher(config, tmp_path / "b", log, lines_every=0.0) as watcher:
        run(config, tmp_path / "b", watcher=watcher)
    assert "job 1/4, forward, seed 0, test loss" in log.getvalue() and "40 of 40 evaluations" in log.getvalue()
    assert "\r" not in log.getvalue()
    assert Watcher(config, tmp_path / "a").total == 0


def smoke(name, tmp_path, *words):
    cli("run", name, "--profile", "smoke", "--out", tmp_path / "r", *words)
    cli("report", tmp_path / "r")
    folder = Folder(tmp_path / "r")
    assert {order for order, _ in folder.finished()} == {"forward", "backward"}
    assert folder.frame().value.between(0, 30).all()
    return folder


def test_smoke_of_fashion_mnist(tmp_path, fashion_mnist_folder):
    smoke("mlp-fashion-mnist", tmp_path, "--data", fashion_mnist_folder)


def test_smoke_of_the_stand_in(tmp_path, fashion_mnist_folder):
    smoke("resnet18-fashion-mnist-as-rgb32", tmp_path, "--data", fashion_mnist_folder)


@pytest.mark.parametrize(("name", "columns"), [("resnet18-cifar10", 1), ("resnet50-cifar100", 2)])
def test_smoke_of_the_resnets(tmp_path, name, columns):
    random = np.random.default_rng(0)
    images = random.integers(256, size=(6 * 20, 3, 32, 32), dtype=np.uint8)
    labels = random.integers([20, 100] if columns == 2 else [10], size=(6 * 20, columns))
    data = tmp_path / "data"
    data.mkdir()
    cifar.write_archive(data, "cifar-100" if columns == 2 else "cifar-10", images, labels)
    folder = smoke(name, tmp_path, "--data", data, "--set", "records_per_file=20")
    assert folder.finished()["backward", 0].cost == 2 + 4 + 6 + 8
