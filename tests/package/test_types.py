"""Types: the package is clean under `mypy --strict`, and its users' type checkers see what the names really are."""

from __future__ import annotations

import re
from importlib import resources

import pytest
from conftest import same_as_in_the_course
from mypy import api

RIGHT = """
from typing import assert_type

import numpy as np
import pandas as pd
import torch
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.data.datasets import Dataset
from revorder.plots.picture import Picture
from revorder.updates.modules import ModuleLoss
from revorder.orders import Order
from revorder.updates.descent import SGD, Adam


def loss(theta: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    return 0.5 * (theta - x).square().sum()


class NewestFirst:
    def word(self, n: int) -> tuple[int, ...]:
        return (n - 1, *range(n - 1))


bits = torch.tensor([0.0, 1.0])
update, model = ro.sgd(loss, lr=0.5), torch.nn.Linear(2, 2)
start = update.init(torch.tensor(0.0))
trajectory = ro.run(update, start, bits, NewestFirst(), [1, 2], engine=ro.Wavefront(max_states=2))
assert_type(update, SGD)
assert_type(ro.adam(loss), Adam)
assert_type(trajectory, ro.Trajectory)
assert_type(trajectory.steps, list[int])
assert_type(trajectory.frame(), pd.DataFrame)
assert_type(ro.run_seeds(update, start, [bits, bits], "backward", [2]), ro.SeedRuns)
assert_type(ro.SeedRuns.load("runs"), ro.SeedRuns)
assert_type(ro.plots.paths_figure([trajectory, [trajectory], ro.SeedRuns.load("runs")], "loss"), Picture)


def show(reached: ro.Checkpoint) -> None:
    assert_type(reached.step, int)


ro.run(update, start, bits, "forward", [2], on_checkpoint=show)
assert_type(ro.problems.digits_mlp().run("backward", [2]), ro.Trajectory)
assert_type(ro.plan("backward", range(1, 9)), ro.Plan)
assert_type(ro.plan("backward", [8]).cost, int)
assert_type(ro.order("forward"), Order)
assert_type(ro.module_loss(model, cross_entropy), tuple[ModuleLoss, dict[str, torch.Tensor]])
assert_type(ro.batches.reshuffle(8, 2, 4), torch.Tensor)
assert_type(ro.datasets.digits(), Dataset)
assert_type(ro.theory.error_bound(0.5, 3, 1.0), float)
assert_type(ro.diagnostics.lipschitz(update, start, bits[0]), float)
assert_type(ro.plots.plan_figure(ro.plan("backward", [2])), Picture)
assert_type(ro.live.Brackets().picture, Picture)
assert_type(ro.experiments.experiment("mlp-digits").seeds, int)

averaged = ro.comparators.ema(update, decay=0.9)
ro.run(averaged, averaged.init(torch.tensor(0.0)), bits, "forward", [2], metrics={"theta": averaged.params})
try:
    ro.run(update, start, bits, ro.Backward(), [2])
except ro.DivergedError as error:
    assert_type(error.trajectory, ro.Trajectory | None)
except ro.CallbackError as error:
    assert_type(error.step, int)
"""

WRONG = """
import torch

import revorder as ro

trajectory = ro.run(lambda x, batch: x, torch.tensor(0.0), [0.0, 1.0], "backward", [1, 2])
ro.rnu  # attr-defined
ro.theory.eror_bound  # attr-defined
ro.plots.plan_picture  # attr-defined
ro.run(lambda x, batch: x, torch.tensor(0.0), [0.0, 1.0], 5, [1, 2])  # arg-type
ro.plan("backward", 5)  # arg-type
ro.BackwardWindow("2")  # arg-type
trajectory.state("last")  # arg-type
trajectory.step  # attr-defined
ro.run(lambda x, batch: x, torch.tensor(0.0), [0.0, 1.0], "backward", [1], on_checkpoint=3)  # arg-type
ro.Wavefront(max_state=2)  # call-arg
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> list[str]:
    """What `mypy --strict` says of the package, of right code and of wrong code; all in one run, which is slow."""
    folder, root = tmp_path_factory.mktemp("typed"), request.config.rootpath
    (folder / "right.py").write_text(RIGHT)
    (folder / "wrong.py").write_text(WRONG)
    files = [str(root / "revorder"), str(folder / "right.py"), str(folder / "wrong.py")]
    options = ["--config-file", str(root / "pyproject.toml"), "--strict", "--cache-dir", str(folder / "cache")]
    said, failed, _ = api.run([*options, "--no-pretty", "--no-error-summary", "--hide-error-context", *files])
    assert not failed, failed
    return [line for line in said.splitlines() if ": error:" in line]


def of(found: list[str], file: str) -> list[str]:
    return [line for line in found if line.split(":")[0].endswith(file)]


def test_the_package_is_clean_under_strict(found):
    same_as_in_the_course("mypy", "numpy", "pandas-stubs", "scipy-stubs", "torch")
    assert [line for line in found if not line.split(":")[0].endswith(("right.py", "wrong.py"))] == []


def test_users_see_the_types_of_public_names(found):
    assert of(found, "right.py") == []


def test_users_mistakes_are_found(found):
    expected = {
        (number, line.split("  # ")[1]) for number, line in enumerate(WRONG.splitlines(), start=1) if "  # " in line
    }
    pattern = re.compile(r":(\d+): error: .*\[([a-z-]+)\]$")
    told = {(int(match[1]), match[2]) for line in of(found, "wrong.py") if (match := pattern.search(line))}
    assert told == expected


def test_the_marker_for_type_checkers_ships_with_the_package():
    assert resources.files("revorder").joinpath("py.typed").is_file()


def test_exceptions_to_the_rules_name_what_they_except(root):
    """`# type: ignore` must name the error, so that it hides no other one."""
    for path in sorted((root / "revorder").rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            assert "type: ignore" not in line or re.search(r"# type: ignore\[[a-z-]+\]", line), f"{path}:{number}"
