"""The graded exercises of notebook 11, as `check` asks them, and with a seed of the instructor's.

`check` draws the cases of an exercise with seed 0, `grade` with any other one: an answer that was learned by heart for
the cases of `check` fails there.
"""

from revorder.course import assignment_laws, assignment_orders  # noqa: F401 - they register the exercises
from revorder.course.judging import grade, quiet

__all__ = ["grade", "quiet"]


def __dir__() -> list[str]:
    return sorted(__all__)
