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
c.Autograde.sanitize_preprocessors.prepend(
    ["grading.restored.Restored", "grading.harmless.Harmless", "grading.links.Absolute"]
)
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
c.Judged.submission = 600  # seconds by the clock for all of a submission, and whatever had to be run again

# Feedback and formgrader show what students wrote: as text, which runs nothing in the browser of who looks at it.
c.HTMLExporter.filters = {"markdown2html": "grading.harmless.shown"}

# Canvas: ada_123_456_11_assignment.ipynb, Moodle: Ada_123_assignsubmission_file/11_assignment.ipynb. The number counts
# that the system wrote, at the beginning of what lies in the zip file itself: whatever follows, a student has chosen.
c.ZipCollectApp.extractor_plugin = "grading.collected.AsDownloaded"
c.ZipCollectApp.collector_plugin = "grading.collected.OneEach"
c.OneEach.named_regexp = (
    r"(?>.*?/extracted/)[^/]+/[^/_]+_(?:LATE_)?(?P<student_id>\d+)_(?:(?P<upload>\d+)_|assignsubmission_file_?[_/])"
    r"(?P<file_id>\d\d_[a-z]+)(?:-(?P<again>\d+))?\.ipynb$"
)
