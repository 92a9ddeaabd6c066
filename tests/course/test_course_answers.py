"""Right answers pass, likely mistakes get a fitting hint: for the exercises of all notebooks that list both."""

from __future__ import annotations

import pytest
import test_course_01
import test_course_02
import test_course_03
import test_course_04
import test_course_05
import test_course_06
import test_course_09
import test_course_11

import revorder as ro

LISTED = [
    test_course_01,
    test_course_02,
    test_course_03,
    test_course_04,
    test_course_05,
    test_course_06,
    test_course_09,
    test_course_11,
]
RIGHT = [case for module in LISTED for case in module.RIGHT]
WRONG = [case for module in LISTED for case in module.WRONG]


@pytest.mark.parametrize("name, answer", RIGHT)
def test_right_answers_pass(name, answer):
    verdict = ro.course.check(name, answer)
    assert verdict and verdict.message == f"{name}: correct."


@pytest.mark.parametrize("name, answer, hint", WRONG)
def test_likely_mistakes_get_a_fitting_hint(name, answer, hint):
    verdict = ro.course.check(name, answer)
    assert not verdict
    assert hint in verdict.message


@pytest.mark.parametrize("name", sorted({name for name, _ in RIGHT}))
def test_unanswered(name):
    verdict = ro.course.check(name, ...)
    assert not verdict and "not answered yet" in verdict.message
