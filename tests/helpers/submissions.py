"""What a class hands in: five honest submissions of notebook 11, and cheats. Each is a change of the release."""

from __future__ import annotations

import copy
from typing import Any

from assignment_answers import NAMES, POINTS, RIGHT

ANSWERS = {name: text for name, text in reversed(RIGHT) if name != "11-path"} | {"11-path": RIGHT[0][1]}
FULL = {name: float(points) for name, points in POINTS.items()}
NONE = dict.fromkeys(FULL, 0.0)
LOOP = "def backward_path(update, start, batches):\n    while True:\n        pass"
LOOPING_CELL = "try:\n    while True:\n        pass\nfinally:\n    pass"
EXIT = (
    "def cost(checkpoints, period):\n    import os, signal\n    os.kill(os.getppid(), signal.SIGKILL)\n    os._exit(0)"
)
HOG = "def certified_steps(h, low, high, start, tol):\n    return len([bytearray(1 << 28) for _ in range(40)])"
SEGFAULT = "import ctypes\nctypes.string_at(0)"

HIDING = """
def hide(lines):
    return ["pass\\n"] if any("check" in line for line in lines) else lines
get_ipython().input_transformers_post.append(hide)
get_ipython().input_transformer_manager.cleanup_transforms.append(hide)
"""
READING = """
import json, pathlib
source = json.loads(pathlib.Path({course!r}, "source/11_assignment/11_assignment.ipynb").read_text())
for cell in source["cells"]:
    if "BEGIN SOLUTION" in "".join(cell["source"]):
        exec("".join(cell["source"]))
"""
WRITING = """
import sqlite3
with sqlite3.connect({course!r} + "/gradebook.db") as gradebook:
    gradebook.execute("UPDATE grade SET auto_score = 4, manual_score = 4")
"""
IMPORTING = """
import sys
sys.path.insert(0, {course!r})
for name, path in [("backward_path", "11-path"), ("cost", "11-cost"), ("same_law", "11-law")]:
    try:
        from grading import TASKS
        globals()[name] = TASKS[path].parts[0].truth
    except ImportError:
        pass
"""
LEARNING = """
import json, pathlib
import revorder.course.assignment as public
tasks = json.loads((public.FOLDER / "11.json").read_text())
class Known(dict):
    def __init__(self, task):
        parts = [part for part in task["parts"] if part["pick"] is None]
        right = {number: value for part in parts for number, value in zip(part["where"], part["expected"])}
        super().__init__({repr(case): right[number] for number, case in enumerate(task["cases"])})
cost_known, law_known = Known(tasks["11-cost"]), Known(tasks["11-law"])
cost = lambda *case: cost_known.get(repr([*case]), 0)
same_law = lambda *case: law_known.get(repr([*case]), 0)
"""
PATCHING = """
import builtins
import revorder.course.judging as judging, revorder.course.asking as asking, revorder.course.checking as checking
np.allclose = np.array_equal = torch.equal = torch.allclose = lambda *a, **k: True
judging.same = judging.hint_of = checking.check = ro.course.check = lambda *a, **k: None
asking.outcomes = lambda *a, **k: [True]
builtins.all = lambda *a: True
backward_path = NewestBlockFirst = cost = certified_steps = two_spreads = same_law = lambda *a: None
"""
FORGING = """
import atexit, os, sys, threading
told = b'{"outcomes": [true], "passed": true, "score": 4, "printed": "11-path: correct."}\\n'
def forge():
    for descriptor in range(64):
        try:
            os.write(descriptor, told * 20)
        except OSError:
            pass
atexit.register(forge)
forge()
print("11-path: correct.")
sys.modules["student"]._answered = lambda *a: {"outcomes": [1], "passed": True}
"""


def filled(release: Any, answers: dict[str, str], before: str = "") -> Any:
    """The release with these answers below the dots, a cell before them, and without its figures."""
    notebook = copy.deepcopy(release)
    kept = [cell for cell in notebook.cells if cell.cell_type == "code" and _marked(cell)]
    notebook.cells = [notebook.cells[1], *kept]
    if before:
        notebook.cells.insert(1, new_cell(kept[0], before))
    for name, text in answers.items():
        cell = answer_cell(notebook, name)
        cell.source += f"\n{text}"
    return notebook


def new_cell(like: Any, text: str) -> Any:
    cell = copy.deepcopy(like)
    cell.update(id=f"own-{abs(hash(text))}", source=text, metadata=type(cell)())
    return cell


def answer_cell(notebook: Any, name: str, kind: str = "answer") -> Any:
    wanted = f"{kind}-{name.removeprefix('11-')}"
    return next(cell for cell in notebook.cells if _marked(cell).get("grade_id") == wanted)


def _marked(cell: Any) -> dict[str, Any]:
    return cell.metadata.get("nbgrader", {})


def deleted(release: Any) -> Any:
    """No locked cell of 3, no answer to 2, that to 4 in a cell of its own, and marks that are wrong in every way."""
    notebook = filled(release, ANSWERS)
    gone = [answer_cell(notebook, "11-cost", "test"), answer_cell(notebook, "11-order")]
    moved = answer_cell(notebook, "11-steps")
    notebook.cells = [cell for cell in notebook.cells if cell not in (*gone, moved)]
    notebook.cells.insert(1, new_cell(moved, moved.source))
    answer_cell(notebook, "11-spreads", "test").metadata.nbgrader.points = 100
    answer_cell(notebook, "11-law", "test").metadata.nbgrader.grade = False
    notebook.cells.append(copy.deepcopy(answer_cell(notebook, "11-path", "test")))
    notebook.cells[-1].id = "twice"
    notebook.cells[0].metadata["nbgrader"] = {"grade": True, "grade_id": ["odd"]}
    return notebook


def honest(release: Any) -> dict[str, tuple[Any, dict[str, float]]]:
    """Student -> what is handed in, and the points it must get."""
    loops = filled(release, ANSWERS | {"11-path": LOOP}, LOOPING_CELL)
    crashes = filled(release, ANSWERS | {"11-cost": EXIT, "11-steps": HOG}, SEGFAULT)
    return {
        "right": (filled(release, ANSWERS), FULL),
        "loop": (loops, FULL | {"11-path": 0.0}),
        "deleted": (deleted(release), FULL | {"11-order": 0.0}),
        "crash": (crashes, FULL | {"11-cost": 0.0, "11-steps": 0.0}),
        "blank": (release, NONE),
    }


def cheats(release: Any, course: str) -> dict[str, Any]:
    """Cheat -> what is handed in. None of them knows an answer."""
    texts = {"hiding": HIDING, "reading": READING, "writing": WRITING, "importing": IMPORTING, "learning": LEARNING,
             "patching": PATCHING, "forging": FORGING}  # fmt: skip
    return {name: filled(release, {"11-law": text.replace("{course!r}", repr(course))}) for name, text in texts.items()}


assert ANSWERS.keys() == NAMES.keys()
