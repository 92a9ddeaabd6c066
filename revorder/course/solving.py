"""Solutions of the exercises, for whoever has tried: a sentence that says why, and code that stands for itself.

Each is held to its own exercise by a test. Those of the assignments are not here.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from revorder.course.checking import SOLVED, WRONG, known

__all__ = ["Solution", "solution"]

FOLDER = Path(__file__).parent / "solutions"
ENOUGH = 2  # wrong answers after which a solution is shown
ASSIGNMENTS = ("11", "12")  # notebooks that are graded


@dataclass(frozen=True)
class Solution:
    """What `solution` says: true if it has code, shown as code below a sentence, in a notebook as Markdown.

    Attributes:
        name: the exercise.
        why: a sentence; in place of a solution, the reason why there is none (yet).
        code: Python that leaves the answer behind, imports included; "" if there is none.
    """

    name: str
    why: str
    code: str = ""

    def __bool__(self) -> bool:
        return bool(self.code)

    def __repr__(self) -> str:
        return f"{self.name}: {self.why}" + f"\n\n{self.code}" * bool(self)

    def _repr_markdown_(self) -> str:
        return f"`{self.name}`: {self.why}" + f"\n\n```python\n{self.code}\n```" * bool(self)


def solution(name: str) -> Solution:
    """A solution of an exercise of the course, after two wrong answers to it in this process, or a right one.

    Args:
        name: the exercise, as the notebook writes it, such as "00-by-hand". Assignments have no solutions here.

    Raises:
        ValueError: there is no such exercise (the nearest name is suggested).
    """
    known(name)
    if name[:2] in ASSIGNMENTS:
        return Solution(name, "this exercise is graded; its solution is your teacher's, and its check gives hints.")
    left = 0 if name in SOLVED else max(ENOUGH - WRONG[name], 0)
    if left:
        more = "one more wrong answer" if left == 1 else f"{left} wrong answers"
        return Solution(name, f"first try it: after {more} to `ro.course.check` its solution is shown here.")
    return Solution(name, **_shipped(name[:2]).get(name, {"why": "no solution of it ships with the course."}))


@cache
def _shipped(number: str) -> dict[str, dict[str, str]]:
    """The solutions of a notebook: exercise -> why and code."""
    path = FOLDER / f"{number}.toml"
    read = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}  # exercises of one's own have none
    return {name: {field: text.strip("\n") for field, text in fields.items()} for name, fields in read.items()}
