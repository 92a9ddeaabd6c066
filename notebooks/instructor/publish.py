"""Write what `revorder.course.check` knows of the assignments: public cases, their outcomes, likely mistakes and hints.

Run it after a change of the tasks in `grading`: `python notebooks/instructor/publish.py`.
"""

from __future__ import annotations

import json

from grading import TASKS, as_data

from revorder.course.assignment import FOLDER


def published() -> dict[str, dict[str, object]]:
    """Number of the notebook -> its exercises, with the cases of seed 0."""
    numbers = sorted({name[:2] for name in TASKS})
    return {n: {name: as_data(task, 0) for name, task in TASKS.items() if name.startswith(n)} for n in numbers}


if __name__ == "__main__":
    for number, exercises in published().items():
        (FOLDER / f"{number}.json").write_text(json.dumps(exercises, ensure_ascii=False) + "\n", encoding="utf-8")
