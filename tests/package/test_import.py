"""Importing: `import revorder` is quick, and everything heavy waits until it is used."""

from __future__ import annotations

import json

import pytest
from processes import printed

HEAVY = {"torch", "scipy", "pandas", "matplotlib", "seaborn", "sklearn", "ipywidgets", "IPython", "dask", "click"}
SECONDS = 0.1  # the promise, of processor time; measured in milliseconds, so that a slow machine keeps it, too
RAN = """
import torch
ran = ro.run(lambda x, batch: x - 0.5 * (x - batch), torch.tensor(0.0), torch.tensor([1.0, 0.0]), "backward", [1, 2])
"""
LIST = """
from click.testing import CliRunner
from revorder.experiments.cli import main
CliRunner().invoke(main, ["list"])
"""
USES = {  # what a user does -> the heavy libraries that it takes
    "": set(),
    "ro.order('backward').word(5)": set(),
    "ro.plan('backward', range(1, 9)).cost": set(),
    "dir(ro), dir(ro.plots), dir(ro.widgets), ro.plots.plan_figure": set(),
    "ro.theory.error_bound(0.5, 3, 1.0)": set(),
    "ro.experiments.experiment('mlp-digits', 'laptop')": set(),
    "ro.experiments.jobs": {"torch"},
    LIST: {"click"},
    "ro.problems.digits_mlp": {"torch"},
    RAN: {"torch"},
    RAN + "ran.frame()": {"torch", "pandas"},
}


def fresh(code):
    """What a new interpreter prints last, read as JSON."""
    return json.loads(printed("-c", code).splitlines()[-1])


@pytest.mark.parametrize("code", USES)
def test_heavy_libraries_wait_until_they_are_used(code):
    loaded = fresh(f"import json, sys\nimport revorder as ro\n{code}\nprint(json.dumps([*sys.modules]))")
    assert HEAVY & set(loaded) == USES[code]


def test_a_bare_import_is_quick():
    code = "import time; began = time.process_time(); import revorder; print(time.process_time() - began)"
    assert min(fresh(code) for _ in range(3)) < SECONDS
