"""Small things around a run that must not end in tracebacks, lost work, or files that only their writer can read."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys

import pytest
import torch
from click.testing import CliRunner
from poor_shell import shell

import revorder as ro
from revorder.experiments import Config, run
from revorder.experiments.cli import main

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


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
@pytest.mark.parametrize("value, says", [
    (torch.ones(2), "got shape"), (torch.tensor(1j), "it returned 1j"), (torch.tensor([]), "got shape"),
    (torch.ones(2).numpy(), "it returned array"), (torch.tensor(1j).numpy()[()], "it returned"),
    (10**400, "it returned a number beyond what a float holds"), (bytearray(b"1"), "it returned"),
], ids=range(7))  # fmt: skip
def test_what_is_no_number_on_second_sight_is_named(value, says, engine):
    with pytest.raises((ValueError, TypeError), match=rf"^metrics\['mine'\]: {says}"):
        ro.run(halfway, torch.zeros(()), torch.zeros(5), "backward", [3, 5], metrics={"mine": lambda state: value},
               engine=engine, progress=False)  # fmt: skip


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_complex_metrics_are_named_though_they_come_from_a_stack(engine):
    with pytest.raises(TypeError, match=r"^metrics\['mine'\]: it returned .*j, but a metric must return a number"):
        ro.run(halfway, torch.ones(()), torch.zeros(5), "backward", [3, 5], metrics={"mine": lambda state: state * 1j},
               engine=engine, progress=False)  # fmt: skip


def test_nan_is_a_number():
    for value in (float("nan"), torch.tensor(float("nan"))):
        found = ro.run(halfway, torch.zeros(()), torch.zeros(5), "forward", [3], metrics={"mine": lambda s: value},  # noqa: B023
                       progress=False)  # fmt: skip
        assert found.metrics["mine"][0] != found.metrics["mine"][0]


# the command line in a poor terminal

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /dev/full")
SIZE = "--profile smoke --seeds 1 --set steps=20 --set stride=10 --set width=4"
QUICK = ["--help", "--version", "list", "course c", "run --help"]
POOR = {
    "ascii": "PYTHONIOENCODING=ascii PYTHONUTF8=0 LC_ALL=C {} </dev/null",
    "no locale": "PYTHONCOERCECLOCALE=0 PYTHONUTF8=0 LC_ALL=C {}",
    "no input": "{} <&-",
    "no output": "{} >&-",
    "no streams": "{} <&- >&- 2>&-",
    "a pipe that closes": "{} | head -1",
    "a pipe that is closed": "{} | true",
    "full errors": "{} 2>/dev/full",
    "no home": "env -u HOME {}",
    "a home that is none": "HOME=/proc/none {}",
    "no terminal": "env -u TERM {}",
    "nothing": "env -i {}",
}


@LINUX
@pytest.mark.parametrize("poor", POOR)
def test_quick_commands_in_a_poor_terminal(poor, tmp_path):
    for command in QUICK:
        made = shell(POOR[poor].format(f"revorder {command}"), tmp_path)
        (tmp_path / "c").exists() and shutil.rmtree(tmp_path / "c")
        assert made.returncode in ((0, 1) if "pipe" in poor else (0,)), (command, made.stderr)
        assert not made.stderr.strip() and "Traceback" not in made.stdout, (command, made.stderr)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """A result folder."""
    folder = tmp_path_factory.mktemp("poor")
    made = shell(
        f"PYTHONIOENCODING=ascii PYTHONUTF8=0 LC_ALL=C revorder run mlp-digits {SIZE} --yes --out r <&-", folder
    )
    assert made.returncode == 0 and made.stdout.isascii() and "Traceback" not in made.stderr, made.stderr
    return folder


LONG = [
    (f"PYTHONIOENCODING=ascii PYTHONUTF8=0 LC_ALL=C revorder plan mlp-digits {SIZE} <&-", 0, ""),
    ("HOME=/proc/none TERM= PYTHONIOENCODING=ascii PYTHONUTF8=0 LC_ALL=C revorder report r --out a <&-", 0, ""),
    ("env -u HOME -u TERM revorder resume r >&-", 0, ""),
    (f"revorder run mlp-digits {SIZE} --yes --out full >/dev/full", 1, "Error: OSError: .*No space left on device"),
    (f"revorder run mlp-digits {SIZE} --yes --out pipe | true", 1, "Error: BrokenPipeError"),
]


@LINUX
@pytest.mark.parametrize("command, code, says", LONG)
def test_long_commands_in_a_poor_terminal(command, code, says, result):
    made = shell(command, result)
    assert made.returncode == code and "Traceback" not in made.stderr and re.search(says, made.stderr), made.stderr


BAD = {
    "revorder list >/dev/full": "Error: .*No space left on device",
    "revorder --help >/dev/full": "Error: .*No space left on device",
    "revorder course c >/dev/full": "Error: .*No space left on device",
    "mkdir gone && cd gone && rmdir ../gone && revorder run mlp-digits": "Error: .*folder.*is gone",
    "mkdir gone && cd gone && rmdir ../gone && revorder course c": "Error: .*folder.*is gone",
}


@LINUX
@pytest.mark.parametrize("command", BAD)
def test_a_full_output_and_a_folder_that_is_gone_are_said_in_one_line(command, tmp_path):
    made = shell(command, tmp_path)
    assert made.returncode == 1 and re.search(BAD[command], made.stderr) and "Traceback" not in made.stderr, made.stderr


@LINUX
def test_a_plan_needs_no_stream_for_errors(tmp_path):
    assert "evaluations" in shell(f"revorder plan mlp-digits {SIZE} 2>&-", tmp_path).stdout


def test_a_report_that_cannot_be_written_says_where_it_could(result, monkeypatch):
    def report(*given):
        raise PermissionError(13, "Permission denied", str(result))

    monkeypatch.setattr(ro.experiments.reports, "report", report)
    said = CliRunner().invoke(main, ["report", str(result / "r")])
    assert said.exit_code == 1 and "Permission denied" in said.stderr
    place = result / "r" / "report"
    assert said.stderr.splitlines()[-1] == f"Nothing can be written to {place}: give another place by --out"


def test_the_configuration_is_what_was_asked_for(tiny):
    assert isinstance(tiny, Config) and tiny.steps == 20
