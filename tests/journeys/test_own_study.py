"""A researcher's journey: a model, data and an order of their own, from one short file to a report.

The wheel in a fresh environment, no clone in sight; the run is killed without warning and goes on to the same bits.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest
from own_code import study

WHAT = ("--import", "study.py", "--model", "net", "--data-set", "spirals", "--metrics", "sure", "--engine", "replay",
        "--orders", "even-first,forward,backward", "--seeds", "2", "--set", "steps=200", "--set", "stride=20", "--set",
        "keep_states=true",
        "--interval", "0.05")  # fmt: skip
LATEST = 60.0  # seconds until a snapshot is there


@pytest.fixture(scope="module")
def place(fresh, tmp_path_factory):
    """A folder with nothing but the file of the page."""
    folder = tmp_path_factory.mktemp("study")
    assert len(study().splitlines()) <= 25
    (folder / "study.py").write_text(study())
    return folder


@pytest.fixture(scope="module")
def undisturbed(fresh, place):
    """What the command line says of a run that nobody disturbs; its results are in `whole`."""
    return fresh.run("revorder", "run", "spirals", *WHAT, "--out", "whole", cwd=place).stdout


def kill(fresh, place, words):
    """`kill -9` while a job is under way, when a snapshot of it lies on the disk."""
    command = [str(fresh.python), "-m", "revorder", *words]
    begun = subprocess.Popen(command, cwd=place, env=fresh.environment, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + LATEST
    while begun.poll() is None and not list(place.glob("r/jobs/*.snapshot.safetensors")):
        assert time.monotonic() < until
        time.sleep(0.01)
    begun.send_signal(signal.SIGKILL)
    assert begun.wait() == -signal.SIGKILL, begun.stderr.read()


def test_the_price_comes_first(fresh, place):
    said = fresh.run("revorder", "plan", "spirals", *WHAT[:-2], cwd=place).stdout
    assert "predicted time" in said and "registered: order even-first, EvenFirst of study.py" in said
    assert sorted(file.name for file in place.iterdir()) in (["study.py"], ["study.py", "whole"])


def test_killed_and_resumed_it_ends_in_the_same_bits(fresh, place, undisturbed, posix):
    kill(fresh, place, ("run", "spirals", *WHAT, "--out", "r"))
    refused = fresh.run("revorder", "resume", "r", cwd=place, well=False)
    assert refused.returncode == 2 and "--import FILE" in refused.stderr and "order 'even-first'" in refused.stderr
    fresh.run("revorder", "resume", "r", "--import", "study.py", cwd=place)
    code = """
from revorder.experiments import Folder
import torch
a, b = (Folder(name).finished() for name in ("whole", "r"))
same = all(torch.equal(x, y) for key in a for x, y in zip(a[key].states.values(), b[key].states.values()))
print(sorted(a) == sorted(b), len(a), same, Folder("r").frame().equals(Folder("whole").frame()))
"""
    assert fresh.printed(code, cwd=place).split() == ["True", "6", "True", "True"]
    card = json.loads((place / "r" / "card.json").read_text())
    assert any(line["resumed"] for line in card["jobs"].values())
    assert {line["object"] for line in card["own"]} >= {"net", "spirals", "EvenFirst"}


def test_another_version_of_the_file_is_refused(fresh, place, undisturbed):
    (place / "r" / "jobs").exists() or pytest.skip("nothing was killed")
    changed = place / "changed"
    changed.mkdir()
    (changed / "study.py").write_text(study() + "# another comment\n")
    next((place / "r" / "jobs").glob("backward-seed1.*")).unlink()
    said = fresh.run("revorder", "resume", "r", "--import", os.path.join("changed", "study.py"), cwd=place, well=False)
    assert said.returncode == 2 and "study.py has changed since" in said.stderr


def test_the_report_needs_no_code(fresh, place, undisturbed):
    assert "revorder report whole" in undisturbed
    fresh.run("revorder", "report", "whole", "--out", "report", cwd=place)
    text, page = ((place / "report" / f"report.{end}").read_text() for end in ("md", "html"))
    for said in ("| even-first | 2 |", "Registered metrics at step 200", "| model | net | net | study.py |"):
        assert said in text
    assert {file.name for file in (place / "report").glob("*.png")} >= {"metrics.png", "paths.png", "own-1.png"}
    assert page.count('src="data:') >= 4 and "EvenFirst" in page
