"""In place of nbgrader's Execute: cells run in an untrusted process, which gives outcomes; they are judged here."""

from __future__ import annotations

import atexit
import csv
import functools
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_locked
from traitlets import Float, Integer, Unicode

from grading import TASKS, as_data
from grading.asked import Found, asked
from grading.attempts import Limits
from grading.harmless import writable
from grading.workers import Server, ids
from revorder.course.judging import hint_of

CHECK = re.compile(r'check\("([\w-]+)", (\w+)\)')  # in a locked cell: the exercise, and the name of the answer
SUSPECT = re.compile(
    r"transformer|gradebook|grading|nbgrader_config|_exit|ctypes|/proc|setattr|atexit|sys\.modules"
    r"|_noticed|_answered|_snapshot|\b(?:import|from) student\b|__import__|import_module|get_objects|_getframe|os\.kill"
)
MOST = 300  # code cells that are run; a release has a tenth of that


class Judged(NbGraderPreprocessor):
    """Grades a submission without running any of it in this process, see the guide."""

    seed = Integer(0, help="draws the hidden cases; your own, above 0").tag(config=True)
    user = Unicode("", help="whom the students' code runs as, if this runs as root").tag(config=True)
    seconds = Float(30.0, help="CPU time for a cell, or for all cases of an exercise").tag(config=True)
    memory = Integer(1024, help="megabytes for a submission").tag(config=True)
    submission = Float(600.0, help="seconds by the clock for a submission as a whole").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        tests = [cell for cell in nb.cells if cell.cell_type == "code" and is_grade(cell) and is_locked(cell)]
        answers = [cell for cell in nb.cells if cell.cell_type == "code" and cell not in tests]
        asks = {cell.metadata.nbgrader.grade_id: _named(cell) for cell in tests}
        cells = list(enumerate(cell.source for cell in answers[:MOST]))
        found = asked(self._server(), cells, _questions([*asks.values()], self._checked_seed()))
        for number, cell in enumerate(answers):
            cell.outputs = [_text(found.printed[number])] if found.printed.get(number) else []
        for cell in tests:
            _mark(cell, *self._verdict(asks[cell.metadata.nbgrader.grade_id][0], found))
        self._report(resources["nbgrader"], found.noticed, cells)
        return nb, resources

    def _checked_seed(self) -> int:
        if self.seed < 1:
            raise ValueError("set c.Judged.seed in nbgrader_config.py to a number of your own above 0, see the guide")
        return self.seed

    def _server(self) -> Server:
        if os.geteuid() == 0 and not self.user:
            raise ValueError("you are root: name in c.Judged.user whom the students' code is to run as, see the guide")
        if os.geteuid() != 0 and self.user:
            raise ValueError(f"only root can run the students' code as {self.user}, see the guide")
        if not self.user:
            self.log.warning("Answers run under your own account, and can read what you can read, see the guide")
        else:
            _refuse_open_folders(self.user, [Path.cwd(), Path(__file__).parent])
        return _server(Limits(self.seconds, self.memory, self.user, self.submission))

    def _verdict(self, name: str, found: Found) -> tuple[bool, str]:
        public, hidden = (found.replies.get(f"{name} {which}", {}) for which in ("public", "hidden"))
        if "unanswered" in public:
            return False, f"{name}: not answered yet."
        hint = _hint(public, _data(name, 0), known=True)
        if hint is not None:
            return False, f"{name}: not yet. Hint: {hint}"
        hint = _hint(hidden, _data(name, self.seed), known=False)
        if hint is not None:
            return False, f"{name}: not yet. Right in the cases of the check, but not in others. Hint: {hint}"
        return True, f"{name}: correct."

    def _report(self, where: Any, noticed: Sequence[str], cells: Sequence[tuple[int, str]]) -> None:
        """What an instructor should look at, in the log and in notices.csv."""
        words = sorted({word for _, text in cells for word in SUSPECT.findall(text)})
        notices = [f"noticed: {item}" for item in noticed] + [f"an answer's cell has the word {word}" for word in words]
        if notices:
            with open("notices.csv", "a", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows((where["student"], where["assignment"], notice) for notice in notices)
            self.log.warning("%s, %s: %s", where["student"], where["assignment"], "; ".join(notices))


def _named(cell: Any) -> tuple[str, str]:
    """(exercise, name of the answer) of a locked cell."""
    match = CHECK.search(cell.source)
    if match is None or match[1] not in TASKS:
        raise ValueError(f'{cell.metadata.nbgrader.grade_id}: a locked cell must have check("NN-exercise", answer)')
    return match[1], match[2]


def _questions(asks: Sequence[tuple[str, str]], seed: int) -> list[dict[str, Any]]:
    """All public cases before any hidden ones, so that nothing hidden is known when texts still come back."""
    questions = []
    for which, drawn in (("public", 0), ("hidden", seed)):
        for name, variable in asks:
            data = _data(name, drawn)
            question = {"name": f"{name} {which}", "variable": variable, "ask": data["ask"], "cases": data["cases"]}
            questions.append(question | ({"needs": f"{name} public"} if drawn else {}))
    return questions


@functools.cache
def _data(name: str, seed: int) -> dict[str, Any]:
    return as_data(TASKS[name], seed)


@functools.cache
def _server(limits: Limits) -> Server:
    server = Server(limits)
    atexit.register(server.close)
    return server


def _hint(reply: dict[str, Any], data: dict[str, Any], known: bool) -> str | None:
    """None if a reply holds; it may be anything, since a student's code could have written it."""
    if "kind" in reply:
        return "give a function (or, for an order, a class)."
    if "lost" in reply:
        return f"your answer {reply['lost']}."
    got = reply.get("outcomes")
    if not isinstance(got, list) or len(got) != len(data["cases"]):
        return "your answer wrote what cannot be read."
    try:
        return hint_of(data, got, known)
    except Exception:  # no outcome looks like this, but forged ones may
        return "your answer wrote what cannot be read."


def _mark(cell: Any, passed: bool, text: str) -> None:
    """nbgrader reads the points of a cell from its result."""
    points = cell.metadata.nbgrader.points if passed else 0
    result = nbformat.v4.new_output("execute_result", {"text/plain": f"{points:g}"}, execution_count=1)
    cell.outputs, cell.execution_count = [_text(f"{text}\n"), result], 1


def _text(text: str) -> Any:
    return nbformat.v4.new_output("stream", name="stdout", text=writable(text))


def _refuse_open_folders(user: str, folders: Sequence[Path]) -> None:
    """Seeds, truths and scores must be where the students' code cannot look, even if it knows their names."""
    for folder in {folder.resolve() for folder in folders}:
        ask = ["sh", "-c", '[ -r "$1" ] || [ -w "$1" ] || [ -x "$1" ]', "sh", str(folder)]
        if subprocess.run(ask, **ids(user), extra_groups=[], capture_output=True).returncode == 0:
            raise ValueError(f"{user} can read {folder}, or what is in it: chmod 700 it, see the guide")
