"""What a submission may do to the grader's processes: cost itself, and neither others nor what must stay hidden."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import math
import os
import socket
import tempfile
import time
from pathlib import Path

import nbformat
import pytest
from graded import INSTRUCTOR
from grading import judged
from grading.asked import Found, _line, asked
from grading.attempts import Attempt, Limits, Lost
from grading.judged import SUSPECT, Judged, _refuse_open_folders, _text
from grading.workers import Server

DOUBLE = "def double(x): return 2 * x"
ONCE = [{"name": "double", "variable": "double", "ask": "call", "cases": [[5]]}]
RIGHT = {"double": {"outcomes": [10]}}
DEEP = "import os\nfor _ in range(1500):\n    os.mkdir('d'); os.chdir('d')"
ROOT = os.name == "posix" and os.geteuid() == 0
PLACES = ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock")
NOTES = (
    f"PLACES = {PLACES}"
    + """
import ctypes, os
for place in PLACES:
    try: open(place + "/revorder-note", "w").write("a hidden case")
    except OSError: pass
libc = ctypes.CDLL(None)
add_key, keyctl = {"x86_64": (248, 250), "aarch64": (217, 219)}[os.uname().machine]
libc.syscall(add_key, b"user", b"revorder-note", b"a hidden case", 13, -4)
"""
)
LOOK = """
import ctypes, os
told = [place for place in PLACES if os.path.exists(place + "/revorder-note")]
add_key, keyctl = {"x86_64": (248, 250), "aarch64": (217, 219)}[os.uname().machine]
if ctypes.CDLL(None).syscall(keyctl, 10, -4, b"user", b"revorder-note", 0) > 0: told.append("keyring")
print(told)
"""


@pytest.fixture(scope="module")
def server():
    if os.name != "posix":
        pytest.skip("submissions are graded on Linux, macOS or WSL")
    server = Server(Limits(seconds=2, memory=1024, user="nobody" if ROOT else ""))
    yield server
    server.close()
    assert server.process.poll() == 0


def test_a_submission_after_a_very_deep_folder_is_graded(server):
    process = server.process
    assert asked(server, [(0, DEEP), (1, DOUBLE)], ONCE).replies == RIGHT
    assert asked(server, [(1, DOUBLE)], ONCE).replies == RIGHT and server.process is process


def test_a_server_that_ends_during_an_attempt_is_replaced(server, capfd):
    with server.attempt() as attempt:
        server.process.kill()
        server.process.wait()
        attempt.process.wait(5)  # ends with the server
    assert asked(server, [(1, DOUBLE)], ONCE).replies == RIGHT
    assert capfd.readouterr().err.count("started again") == 1


def test_a_server_that_has_ended_before_costs_nothing(server, monkeypatch):
    begin, replaced = server._try_to_begin, []
    monkeypatch.setattr(server, "_try_to_begin", lambda until: begin(until) if replaced else os.stat("/nowhere"))
    monkeypatch.setattr(server, "_replace", lambda: replaced.append(True))
    assert asked(server, [(1, DOUBLE)], ONCE).replies == RIGHT and replaced == [True]


def test_if_no_process_can_be_started_nobody_loses_points(server, monkeypatch):
    monkeypatch.setattr(server, "_try_to_begin", lambda until: os.stat("/nowhere"))
    monkeypatch.setattr(server, "_replace", lambda: None)
    with pytest.raises(RuntimeError, match="no process for answers"):
        asked(server, [(1, DOUBLE)], ONCE)


def test_an_answer_leaves_no_notes_for_others_side_by_side_or_later(server):
    if not ROOT:
        pytest.skip("folders and keyrings of their own need root")
    with server.attempt() as first:
        first.send({"cells": [(0, NOTES + LOOK)]})
        assert first.receive()["printed"].startswith("['/tmp', ")
        assert [place for place in PLACES if os.path.exists(f"{place}/revorder-note")] == []
    found = asked(server, [(0, f"PLACES = {PLACES}\n{LOOK}"), (1, DOUBLE)], ONCE)
    assert found.printed[0] == "[]\n" and found.replies == RIGHT


def test_an_answer_can_write_nowhere_but_in_its_own_folders(server):
    if not ROOT:
        pytest.skip("folders of their own need root")
    look = (
        "import os, stat\nopen('here', 'w').close(); open('/tmp/there', 'w').close()\n"
        "print([f for f in os.listdir('/') if os.access('/' + f, os.W_OK)], os.statvfs('/').f_flag & os.ST_RDONLY)"
    )
    assert asked(server, [(0, look), (1, DOUBLE)], ONCE).printed[0] == "['tmp'] 1\n"


def test_a_submission_as_a_whole_has_its_time(server, monkeypatch):
    """Cells that run to their ends cost their time again for each one that ends the process."""
    monkeypatch.setattr(server, "limits", dataclasses.replace(server.limits, submission=2.0))
    cells = [*((i, "import time; time.sleep(0.5)") for i in range(3)), *((i, "os._exit(0)") for i in range(3, 40))]
    started = time.monotonic()
    found = asked(server, [(99, "import os"), *cells, (100, DOUBLE)], ONCE)
    assert "took longer than 2 seconds, together with" in found.replies["double"]["lost"]
    assert time.monotonic() - started < 30


def test_who_does_not_read_is_lost():
    mine, other = socket.socketpair()
    with mine, other, pytest.raises(Lost, match="took longer than 0.1 seconds"):
        Attempt(mine, os.getpid(), Limits(seconds=0.1), until=math.inf).send({"cases": "x" * (3 << 20)})


def test_what_cannot_be_written_to_a_file_is_spelled_out(server):
    found = asked(server, [(0, "print('\\ud800 hello', chr(0xdfff))"), (1, "print('x' * 10**7)"), (2, DOUBLE)], ONCE)
    for text in found.printed.values():
        assert len(_text(text).text.encode()) < 5000
    assert _text("\ud800 hello \udfff ä").text == "\\ud800 hello \\udfff ä"


@pytest.mark.parametrize("mode", [0o711, 0o755, 0o744, 0o733, 0o701, 0o700])
def test_a_course_that_the_other_user_can_enter_is_refused(mode):
    if not ROOT:
        pytest.skip("grading as another user needs root")
    with tempfile.TemporaryDirectory() as course:  # pytest's folders are closed
        os.chmod(course, mode)
        with pytest.raises(ValueError, match="chmod 700") if mode != 0o700 else contextlib.nullcontext():
            _refuse_open_folders("nobody", [Path(course)])


@pytest.mark.parametrize("text", [
    "import student as S\nS._noticed = lambda a, b: []", "from student import serve", "__import__('stu' + 'dent')",
    "importlib.import_module(name)", "gc.get_objects()", "os.kill(1, 9)", "sys._getframe(3).f_globals",
])  # fmt: skip
def test_words_of_who_would_switch_notices_off_are_noticed(text):
    assert SUSPECT.search(text)


def test_honest_words_are_not_noticed():
    for release in (INSTRUCTOR.parent / "11_assignment.ipynb", INSTRUCTOR.parent / "12_practice.ipynb"):
        cells = nbformat.read(release, as_version=4).cells
        assert not [word for cell in cells if cell.cell_type == "code" for word in SUSPECT.findall(cell.source)]
    assert not SUSPECT.search("import scipy.stats\nstudent = scipy.stats.t\nimportant = inspected = gcd = 3")


def test_more_cells_than_any_release_has_are_not_run(monkeypatch):
    ran = []
    monkeypatch.setattr(judged, "asked", lambda server, cells, questions: ran.extend(cells) or Found())
    monkeypatch.setattr(Judged, "_server", lambda self: None)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(f"x = {i}") for i in range(1000)])
    Judged(seed=5).preprocess(notebook, {"nbgrader": {"student": "ada", "assignment": "11_assignment"}})
    assert len(ran) == judged.MOST >= 100


def test_notices_are_lines_that_a_table_and_a_terminal_only_show(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    forged = ["=HYPERLINK(1)", "\x1b]0;x\x07 \ud800", "a\nb"]
    Judged()._report({"student": "eve", "assignment": "x"}, [_line(item) for item in forged], [])
    rows = list(csv.reader(Path("notices.csv").read_text("utf-8").splitlines()))
    assert [row[2] for row in rows] == ["noticed: =HYPERLINK(1)", "noticed: ?]0;x? ?", "noticed: a?b"]
