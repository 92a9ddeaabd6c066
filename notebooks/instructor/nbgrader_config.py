"""nbgrader's configuration of the course: put it beside the folders source, release, submitted and autograded.

The points of an exercise are not here but where nbgrader looks for them, in the metadata of its locked cell.
"""

if "get_config" not in globals():  # nbgrader provides it; others may read this file, too
    from traitlets.config import Config as get_config

c = get_config()
c.CourseDirectory.course_id = "revorder"

# What stands in the release in place of a solution. The line above it sets the answer to ..., which is no error.
c.ClearSolutions.code_stub = {"python": "# YOUR ANSWER HERE: define it below, or put it in place of the dots"}

c.Execute.timeout = 30  # seconds for a cell; the slowest takes two
