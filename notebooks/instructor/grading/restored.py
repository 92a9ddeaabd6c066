"""Before a submission is graded: what nbgrader knows of its cells is believed, what the file says of them is not."""

from __future__ import annotations

from typing import Any

import nbformat
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor


class Restored(NbGraderPreprocessor):
    """Marks of cells come from the gradebook; locked cells that were deleted come back at the end.

    What nbgrader itself makes of odd marks, or of a copied cell, would end the grading of all students.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        where = resources["nbgrader"]
        with Gradebook(where["db_url"]) as gradebook:
            known = _cells(gradebook.find_notebook(where["notebook"], where["assignment"]))
        there = set[str]()
        for cell in reversed(nb.cells):  # of copies, the last one counts
            told = cell.metadata.pop("nbgrader", None)
            name = told.get("grade_id") if isinstance(told, dict) else None
            if isinstance(name, str) and name in known and name not in there:
                cell.metadata.nbgrader = nbformat.from_dict(known[name][0])
                there.add(name)
        for name, (marks, source) in known.items():
            if name not in there and marks["grade"]:
                self.log.warning("Cell '%s' had been deleted, and is put at the end", name)
                nb.cells.append(_new(marks, source))
        return nb, resources


def _cells(notebook: Any) -> dict[str, tuple[dict[str, Any], str]]:
    """Name -> marks and text of each cell that the release has marked."""
    points = {cell.name: cell.max_score for cell in (*notebook.grade_cells, *notebook.task_cells)}
    kinds = {"grade": notebook.grade_cells, "solution": notebook.solution_cells, "task": notebook.task_cells}
    names = {kind: {cell.name for cell in cells} for kind, cells in kinds.items()}
    found = {}
    for cell in notebook.source_cells:
        marks = {"grade_id": cell.name, "locked": cell.locked, "checksum": cell.checksum, "schema_version": 3}
        marks |= {"cell_type": cell.cell_type, **{kind: cell.name in those for kind, those in names.items()}}
        marks |= {"points": points[cell.name]} if cell.name in points else {}
        found[cell.name] = marks, cell.source
    return found


def _new(marks: dict[str, Any], source: str) -> Any:
    make = nbformat.v4.new_code_cell if marks["cell_type"] == "code" else nbformat.v4.new_markdown_cell
    text = source if marks["locked"] else ""  # what was to be written by hand stays empty
    return make(text, metadata={"nbgrader": marks})
