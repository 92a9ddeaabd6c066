"""The command line where output, input or errors are full, closed or broken, and where the current folder is gone."""

from __future__ import annotations

import io
import sys

import click
import pytest
from click.testing import CliRunner
from poor_shell import shell

import revorder as ro
from revorder.experiments import cli, progress
from revorder.experiments.poor import Commands

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /dev/full")
SIZE = "--profile smoke --seeds 1 --set steps=20 --set stride=10 --set width=4"
BUFFERS = ["env -u PYTHONUNBUFFERED ", "PYTHONUNBUFFERED=1 "]
QUICK = ["list", "--help", "--version", "run --help", "course c"]
GONE = "mkdir gone && cd gone && rmdir ../gone && "


@LINUX
@pytest.mark.parametrize("buffer", BUFFERS)
@pytest.mark.parametrize("command", QUICK)
def test_a_full_output_is_one_line_and_exit_code_1(command, buffer, tmp_path):
    made = shell(f"{buffer}revorder {command} >/dev/full", tmp_path)
    assert made.returncode == 1 and made.stderr == "Error: [Errno 28] No space left on device\n"


@LINUX
@pytest.mark.parametrize("buffer", BUFFERS)
@pytest.mark.parametrize(
    "command", ["list", "--help", "--version", "run --help", "course c", f"plan mlp-digits {SIZE}"]
)
def test_a_broken_pipe_has_no_words(command, buffer, tmp_path):
    """The reader has ended before anything is written."""
    made = shell(f"{{ sleep 0.5; {buffer}revorder {command}; }} | true", tmp_path)
    assert made.returncode == 1 and made.stderr == ""


@LINUX
@pytest.mark.parametrize("buffer", BUFFERS)
@pytest.mark.parametrize("command, code", [
    ("list >/dev/full 2>/dev/full", 1), ("list >/dev/full 2>&-", 1), ("resume none 2>/dev/full", 2),
    ("resume none >/dev/full", 2), ("resume none 2>&-", 2), ("list 2>/dev/full", 0), ("list 2>&- <&-", 0),
    ("list >&-", 0),
])  # fmt: skip
def test_the_exit_code_is_the_same_where_nothing_can_be_said(command, code, buffer, tmp_path):
    made = shell(f"{buffer}revorder {command}", tmp_path)
    assert made.returncode == code and "Traceback" not in made.stderr and "ignored" not in made.stderr, made.stderr


@LINUX
@pytest.mark.parametrize("command", ["run mlp-digits", "plan mlp-digits", "resume r", "report r", "course", "list"])
def test_a_current_folder_that_is_gone_is_said(command, tmp_path):
    made = shell(f"{GONE}revorder {command}", tmp_path)
    assert made.returncode == 1 and made.stderr == "Error: the current folder is gone; change to another one\n"


@LINUX
@pytest.mark.parametrize("closed", ["2>&-", ">&-", "<&- >&- 2>&-"])
def test_a_run_needs_no_streams(closed, tmp_path):
    made = shell(f"revorder run mlp-digits {SIZE} --out r {closed}", tmp_path)
    assert made.returncode == 0 and "Traceback" not in made.stderr, made.stderr
    assert len(ro.experiments.Folder(tmp_path / "r").card()["jobs"]) == 2


@LINUX
def test_closed_streams_are_no_files_of_a_run(tmp_path):
    """The next file that is opened would be the output otherwise, for all that writes there without Python."""
    code = "import os; from revorder.experiments import poor; poor._take_closed(); mine = open('mine', 'w')"
    made = shell(f"{sys.executable} -c \"{code}; os.write(1, b'x')\" >&- 2>&-", tmp_path)
    assert made.returncode == 0 and (tmp_path / "mine").read_text() == ""


def test_a_bar_without_a_stream_is_none(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stderr", None)
    config = ro.experiments.experiment("mlp-digits", "smoke").replace(seeds=1, steps=20, stride=10)
    with progress.pricing() as told:
        told(0.5, "half")
    with progress.Watcher(config, tmp_path / "r", lines_every=0.0) as watcher:
        monkeypatch.setattr(progress, "EVERY", -1.0)
        ro.experiments.run(config, tmp_path / "r", watcher=watcher)
    assert watcher.bar.disable and watcher.total > 0


@pytest.mark.parametrize("stream, says", [(None, False), (io.StringIO(), False)])
def test_nobody_is_asked_without_an_input(monkeypatch, stream, says):
    monkeypatch.setattr(sys, "stdin", stream)
    assert cli._asks() is says


@click.group(cls=Commands)
def failing():
    """Commands that fail."""


@failing.command()
def disk():
    """Fail as a disk does."""
    raise OSError(5, "Input/output error")


def test_other_failures_are_said_and_outside_the_shell_they_are_the_callers():
    made = CliRunner().invoke(failing, ["disk"])
    assert made.exit_code == 1 and made.stderr == "Error: [Errno 5] Input/output error\n"
    with pytest.raises(OSError, match="Input/output"):
        failing(["disk"], standalone_mode=False)
