"""The exercises of notebook 12: right answers pass, likely mistakes get the right hint, at every seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from graded import TASKS, data, hint
from grading import tasks_12_results, tasks_12_runs
from practice_answers import NAMES, POINTS, RIGHT, SENTENCES, WRONG

import revorder as ro
from revorder.course.asking import Folder, decoded, encode


def value(name, source):
    namespace = {"np": np, "torch": torch, "ro": ro}
    exec(source, namespace)
    return namespace[NAMES[name]]


def hidden_hint(name, answer, seed):
    """The hint at a seed of the instructor's."""
    return hint(name, answer, seed, known=False)


@pytest.mark.parametrize("name, text", RIGHT)
def test_right_answers_pass_at_every_seed(name, text):
    answer = value(name, text)
    assert ro.course.check(name, answer).message == f"{name}: correct."
    for seed in (1, 2026):
        assert hidden_hint(name, answer, seed) is None, seed


@pytest.mark.parametrize("name, text, wanted", WRONG)
def test_likely_mistakes_get_the_same_hint_at_every_seed(name, text, wanted):
    answer = value(name, text)
    verdict = ro.course.check(name, answer)
    assert not verdict and wanted in verdict.message
    assert wanted in hidden_hint(name, answer, 2026)


@pytest.mark.parametrize("name", NAMES)
def test_blank_and_odd_answers_have_no_points(name):
    assert "not answered yet" in ro.course.check(name, ...).message
    for odd in (None, {}, "B", [None], float("nan"), object()):
        assert "Hint: " in ro.course.check(name, lambda *args, odd=odd: odd).message
    assert "give a function" in ro.course.check(name, 3).message


@pytest.mark.parametrize("name, text", RIGHT[::2])
def test_an_answer_learned_by_heart_fails_at_another_seed(name, text):
    known, answer = {}, value(name, text)
    lines = lambda item: (Path(item) / "metrics.csv").read_text() if "/" in str(item) else item  # of a folder
    seen = lambda case: repr([lines(item) for item in case if not isinstance(item, torch.nn.Module)])

    def remember(*case):
        return known.setdefault(seen(case), answer(*case))

    assert ro.course.check(name, remember)
    assert hidden_hint(name, lambda *case: known.get(seen(case), 0.0), 2026)


@pytest.mark.parametrize("name", NAMES)
def test_every_mistake_is_told_from_all_others_and_from_what_is_right(name):
    for seed in (0, 2026):
        for part in data(name, seed)["parts"]:
            found = [repr(mistake["outcomes"]) for mistake in part["mistakes"]]
            assert len({*found, repr(part["expected"])}) == len(found) + 1
            assert len({mistake["hint"] for mistake in part["mistakes"]}) == len(found)


def test_hints_do_not_give_the_answer():
    told = "".join(hint for task in TASKS.values() if task.name.startswith("12")
                   for part in task.parts for _, hint in part.mistakes).replace(" ", "")  # fmt: skip
    assert not [part for part in ("reversed(", "deepcopy", "1/sum", "dropna", "sum(looks", "**2") if part in told]


# What is right, against something else than the formula that says so


def test_losses_are_those_of_the_paths_own_definition():
    network, batches, test, lr = _made("12-losses")
    by_library = value("12-losses", RIGHT[1][1])(network, batches, test, lr)
    assert np.allclose(by_library, TASKS["12-losses"].parts[0].truth(network, batches, test, lr), rtol=1e-12)


def _made(name):
    with decoded([encode(argument) for argument in TASKS[name].cases(5)[0]]) as arguments:
        return arguments


def test_the_window_is_that_of_a_simulation():
    """The mean of that many independent values has the variance of the average, to four standard errors."""
    path = np.random.default_rng(0).normal(size=(13, 40_000))
    mean, window = tasks_12_results._both(path, 0.8)
    assert abs(mean.var() * window - 1) < 4 * (2 / 40_000) ** 0.5


def test_the_closed_price_of_a_window_is_the_plans():
    for seed in range(20):
        for config, finished in TASKS["12-price"].cases(seed):
            assert tasks_12_runs._left()(config, finished) == value("12-price", RIGHT[-1][1])(config, finished)


def test_folders_lack_a_run_of_each_order():
    for case in TASKS["12-paired"].cases(7):
        assert isinstance(case[0], Folder) and case[0].files.keys() == {"config.json", "metrics.csv"}
        with decoded([encode(argument) for argument in case]) as (folder, metric, step):
            b, f = tasks_12_results._read(folder, metric, step)
        assert len(b) == len(f) and set(b.index) != set(f.index)


def test_points_add_up_to_twenty():
    assert sum(POINTS.values()) + sum(SENTENCES.values()) == 20 and POINTS.keys() == NAMES.keys()
