"""Small things around a run that must not end in tracebacks, lost work, or files that only their writer can read."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

import pytest
import torch

import revorder as ro
from revorder.experiments import Config, run

TINY = {"seeds": 1, "steps": 20, "stride": 10, "engine": "replay"}


def halfway(state, batch):
    return state - 0.5 * (state - batch)


@pytest.fixture
def tiny():
    return ro.experiments.experiment("mlp-digits", "smoke").replace(**TINY)


@pytest.fixture
def umask():
    before = os.umask(0o027)
    yield 0o640
    os.umask(before)


def test_every_file_follows_the_umask(tiny, tmp_path, umask):
    run(tiny, tmp_path / "out", interval=0)
    ro.experiments.reports.report([tmp_path / "out"], tmp_path / "out" / "report")
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file() and path.name != "lock"]
    assert len(files) > 6
    assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files} == {
        path.name: oct(umask) for path in files
    }


def test_saved_runs_follow_the_umask(tmp_path, umask):
    found = ro.run(halfway, torch.zeros(()), torch.zeros(3), "forward", [3], progress=False)
    many = ro.run_seeds(halfway, torch.zeros(()), torch.zeros(2, 3), "forward", [3], progress=False)
    for number, one in enumerate((found, many)):
        for _ in range(2):  # also where there is an old one
            one.save(tmp_path / str(number))
            assert stat.S_IMODE((tmp_path / str(number)).stat().st_mode) == umask


STRANGE = b"f\xff"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not take such names")
def test_names_that_are_not_utf8_are_refused_before_any_work(tiny, tmp_path):
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/" + STRANGE)
    with pytest.raises(ValueError, match="out: got .* which is not UTF-8; choose another name"):
        run(tiny, folder)
    assert not os.path.exists(folder)
    found = ro.run(halfway, torch.zeros(()), torch.zeros(3), "forward", [3], progress=False)
    with pytest.raises(ValueError, match="path: got .* which is not UTF-8"):
        found.save(folder)
    with pytest.raises(ValueError, match="path: got .* which is not UTF-8"):
        ro.Trajectory.load(folder)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not take such names")
def test_the_shell_says_so_in_one_line(tmp_path):
    command = [sys.executable, "-m", "revorder", "run", "mlp-digits", "--profile", "smoke", "--yes"]
    options = [f"--set={name}={value}" for name, value in TINY.items() if name != "engine"]
    said = subprocess.run([*command, *options, "--out", STRANGE], cwd=tmp_path, capture_output=True)
    assert said.returncode == 2 and b"Traceback" not in said.stderr
    assert said.stderr.splitlines()[-1].startswith(b"Error: out: got ") and b"not UTF-8" in said.stderr


@pytest.mark.parametrize("interval", [float("nan"), -1, "60", True, None])
def test_intervals_that_are_none_are_refused(tiny, tmp_path, interval):
    with pytest.raises(ValueError, match=r"interval: got .*, but it must be a number of seconds >= 0"):
        run(tiny, tmp_path / "out", interval=interval)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("value", [None, "1.5", [1], {}, 1j, object(), b"1"])
@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_a_metric_that_returns_no_number_is_named(value, engine):
    with pytest.raises(TypeError, match=r"metrics\['mine'\]: it returned .*, but a metric must return a number"):
        ro.run(halfway, torch.zeros(()), torch.zeros(5), "backward", [3, 5], metrics={"mine": lambda state: value},
               engine=engine, progress=False)  # fmt: skip


def test_numbers_of_other_kinds_are_numbers():
    import numpy as np

    for value in (True, np.float32(1), np.array(1), torch.tensor([1.0]), 1):
        found = ro.run(halfway, torch.zeros(()), torch.zeros(5), "forward", [3], metrics={"mine": lambda s: value},  # noqa: B023
                       progress=False)  # fmt: skip
        assert found.metrics["mine"] == [1]


def test_the_configuration_is_what_was_asked_for(tiny):
    assert isinstance(tiny, Config) and tiny.steps == 20
