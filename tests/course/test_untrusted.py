"""What a student's process may do to the grader: cost itself a cell or an exercise, and nothing else."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import graded  # noqa: F401 - finds what the instructor has
import nbformat
import psutil
import pytest
from graded import data
from grading.asked import asked
from grading.attempts import Limits, Lost, _parsed
from grading.judged import Judged, _hint, _mark, _questions
from grading.workers import Server

CELLS = [
    "import os, sys, time\nimport numpy as np\nnumber = 3\nprint('begun')",
    "1 / 0",
    "while True: pass",
    "os._exit(3)",
    "def double(x): print('hidden', x); return 2 * x",
    "def loop(x):\n    while True: pass",
    "def leave(x): os._exit(0)",
    "def spread(x):\n    if os.fork() == 0:\n        os.setsid(); os.execlp('sleep', 'sleep', '987654')\n    return x",
    "def much(x): return [1.5] * 1_000_000",
    "def forge(x):\n    for fd in range(3, 99):\n        try: os.write(fd, b'[[1], {]\\n')\n"
    "        except OSError: pass\n    return x",
    "def deep(x): return [deep(x - 1)] if x else 1",
    "import resource, socket\nprint(os.getuid(), os.listdir('.'), resource.getrlimit(resource.RLIMIT_NPROC)[0])\n"
    "print(sorted(name for name in os.listdir('/proc') if name.isdigit()))\n"
    "try: socket.create_connection(('192.0.2.1', 9), 1)\nexcept OSError as error: print(error.strerror)\n"
    "try: open('large', 'wb').write(bytes(65 << 20))\nexcept OSError as error: print(error.strerror)",
    "np.allclose = len\nget_ipython().input_transformers_post.append(lambda lines: lines)",
]
SEEN = next(number for number, text in enumerate(CELLS) if "getrlimit" in text)
ASKED = ("double", "loop", "leave", "spread", "much", "forge", "deep", "nothing", "number")


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    if os.name != "posix":
        pytest.skip("submissions are graded on Linux, macOS or WSL")
    server = Server(Limits(seconds=2, memory=1024, user="nobody" if os.geteuid() == 0 else ""))
    questions = [{"name": name, "variable": name, "ask": "call", "cases": [[5], [7]]} for name in ASKED]
    questions.append({"name": "again", "variable": "double", "ask": "call", "cases": [[1]], "needs": "leave"})
    yield asked(server, list(enumerate(CELLS)), questions)
    server.close()
    assert server.process.poll() == 0


def test_answers_come_back_as_data(found):
    assert found.replies["double"] == {"outcomes": [10, 14]}
    assert found.replies["deep"]["outcomes"][0] == [[[[[1]]]]]
    assert found.replies["nothing"] == {"unanswered": True} and found.replies["number"] == {"kind": "int"}


@pytest.mark.parametrize("name, lost", [
    ("loop", "took longer than 2 seconds"), ("leave", "ended the Python process"), ("much", "returned more than 4 MB"),
    ("forge", "wrote what cannot be read"), ("again", "ended the Python process"),
])  # fmt: skip
def test_what_ends_or_floods_the_process_is_lost_alone(found, name, lost):
    assert found.replies[name] == {"lost": lost}


def test_cells_print_before_any_question_is_known(found):
    assert found.printed[0] == "begun\n" and "ZeroDivisionError" in found.printed[1]
    assert found.printed[2] == "This cell took longer than 2 seconds, so it was left out."
    assert found.printed[3] == "This cell ended the Python process, so it was left out."
    assert "hidden" not in "".join(found.printed.values())


def test_another_user_has_a_folder_and_processes_of_its_own_and_no_network(found):
    if os.geteuid() != 0:
        pytest.skip("grading as another user needs root")
    who, processes, network, file = found.printed[SEEN].splitlines()
    assert who == f"{pwd.getpwnam('nobody').pw_uid} ['.ipython'] 64" and processes == "['1']"
    assert (network, file) == ("Network is unreachable", "File too large")


def test_changes_of_ipython_and_numpy_are_noticed(found):
    assert {"numpy.allclose was changed", "IPython.transformers was changed"} <= set(found.noticed)


def test_processes_that_an_answer_started_end_with_it(found):
    assert found.replies["spread"] == {"outcomes": [5, 7]}
    assert not [p for p in psutil.process_iter(["cmdline"]) if "987654" in (p.info["cmdline"] or [])]


@pytest.mark.parametrize("line", [b"", b"[1]", b'{"a": ', b"[" * 10**5, b"\xff", b"1" * 5000])
def test_what_is_no_message_is_lost(line):
    with pytest.raises(Lost, match="cannot be read"):
        _parsed(line)


@pytest.mark.parametrize("reply", [
    {}, {"passed": True}, {"outcomes": []}, {"outcomes": True}, {"outcomes": [True] * 99}, {"outcomes": {"0": 1}},
    {"outcomes": [{"raised": ["list"], "text": 3}] * 5}, {"outcomes": [{"dict": 3}] * 5}, {"lost": "was lost"},
    {"outcomes": [{"raised": "x"}] * 5}, {"outcomes": [float("nan")] * 5}, {"outcomes": [[[[]]]] * 5}, {"kind": 3},
])  # fmt: skip
def test_forged_replies_are_wrong_answers(reply):
    task = data("11-cost", 0)
    assert len(task["cases"]) == 5
    for known in (True, False):
        assert isinstance(_hint(reply, task, known), str)
    assert _hint({"outcomes": task["parts"][0]["expected"]}, task, known=True) is None


def test_public_questions_come_before_all_hidden_ones():
    names = [question["name"] for question in _questions([("11-cost", "cost"), ("11-law", "same_law")], 7)]
    assert names == ["11-cost public", "11-law public", "11-cost hidden", "11-law hidden"]


@pytest.mark.parametrize("passed, points", [(True, "4"), (False, "0")])
def test_points_are_where_nbgrader_looks_for_them(passed, points):
    from nbgrader.utils import determine_grade

    cell = nbformat.v4.new_code_cell(
        metadata={"nbgrader": {"grade": True, "points": 4, "grade_id": "x", "locked": True}}
    )
    _mark(cell, passed, "said")
    assert determine_grade(cell) == (float(points), 4.0)


def test_grading_without_a_seed_is_refused():
    with pytest.raises(ValueError, match="a number of your own"):
        Judged()._checked_seed()


def test_only_root_can_grade_as_another_user(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ValueError, match="only root"):
        Judged(user="nobody")._server()


def test_root_must_name_another_user_who_cannot_read_the_course(monkeypatch, tmp_path):
    if os.name != "posix" or os.geteuid() != 0:
        pytest.skip("grading as another user needs root")
    with pytest.raises(ValueError, match="you are root"):
        Judged()._server()
    with pytest.raises(ValueError, match="there is no user nosuchuser"):
        Judged(user="nosuchuser")._server()
    monkeypatch.chdir("/")
    with pytest.raises(ValueError, match="nobody can read /"):
        Judged(user="nobody")._server()
    assert Path("/").stat().st_mode & 0o005
