"""nbgrader's configuration of the course: put it, and the folder grading, beside the folders source and submitted.

The points of an exercise are not here but where nbgrader looks for them, in the metadata of its locked cell.
"""

import sys
from pathlib import Path

if "get_config" not in globals():  # nbgrader provides it; others may read this file, too
    from traitlets.config import Config as get_config

c = get_config()
c.CourseDirectory.course_id = "revorder"

# What stands in the release in place of a solution. The line above it sets the answer to ..., which is no error.
c.ClearSolutions.code_stub = {"python": "# YOUR ANSWER HERE: define it below, or put it in place of the dots"}

# Links of a release, and of feedback, lead to the course on the web: both are handed out alone.
sys.path.insert(0, str(Path(__file__).resolve().parent))
c.GenerateAssignment.preprocessors.prepend(["grading.links.Absolute"])

# Grading runs no student's code in nbgrader's process, nor in a kernel that knows hidden tests: see the guide.
c.Autograde.sanitize_preprocessors.prepend(["grading.restored.Restored", "grading.links.Absolute"])
c.Autograde.autograde_preprocessors = [
    "grading.judged.Judged",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Judged.seconds = 30  # of CPU time for a cell, or for all cases of an exercise; the slowest cell takes two
c.Judged.memory = 1024  # megabytes

# Canvas: ada_123_456_11_assignment.ipynb, Moodle: Ada_123_assignsubmission_file/11_assignment.ipynb
c.FileNameCollectorPlugin.named_regexp = (
    r".*_(?P<student_id>\d+)_(?:\d+|assignsubmission_file_?)[_/](?P<file_id>\d\d_[a-z]+)"
)
