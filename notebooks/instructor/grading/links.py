"""A release is handed out alone: its links to the other notebooks must lead somewhere from anywhere."""

from __future__ import annotations

import re
from typing import Any

from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Unicode

RELATIVE = re.compile(
    r"\]\((?!\w+:|#|/)([^()\[\]\s]+)\)"
)  # in one pass, whatever the text: no part of a target begins one


class Absolute(NbGraderPreprocessor):
    """Links to neighbours become links to the course on the web."""

    course = Unicode("https://github.com/revorder/revorder/blob/HEAD/notebooks/").tag(config=True)

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        if cell.cell_type == "markdown":
            cell.source = RELATIVE.sub(rf"]({self.course}\1)", cell.source)
        return cell, resources
