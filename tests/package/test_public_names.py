"""Public names stand in one place each, and the tab key offers them and nothing else."""

from __future__ import annotations

import ast
import importlib
from types import ModuleType

import pytest
from processes import printed

import revorder as ro

SUBMODULES = [name for name in ro.__all__ if isinstance(getattr(ro, name), ModuleType)]
INNER = [
    f"{package}.{name}"
    for package in SUBMODULES
    for name in getattr(ro, package).__all__
    if isinstance(getattr(getattr(ro, package), name), ModuleType)
]


def module(dotted):
    found = ro
    for part in dotted.split(".") if dotted else []:
        found = getattr(found, part)
    return found


def stubs(root):
    return sorted((root / "revorder").rglob("*.pyi"))


def test_the_submodules_of_the_contract_are_there():
    promised = """
        batches comparators course datasets diagnostics experiments images live models plots problems theory widgets
    """
    assert set(SUBMODULES) == set(promised.split())
    assert {"experiments.budget"} <= set(INNER)


def test_the_names_of_the_contract_are_there():
    promised = """
        Forward Backward BackwardWindow BackwardTail BackwardBlocks TwoSided Shuffled order plan Plan run run_seeds
        Replay Wavefront Affine Trajectory SeedRuns Checkpoint sgd adam augmented module_loss torch_update lie_corrected
        provenance start_worker
        DivergedError NotAffineError NotBatchableError RunInterrupted CallbackError
    """
    assert set(promised.split()) == set(ro.__all__) - set(SUBMODULES)


@pytest.mark.parametrize("dotted", ["", *SUBMODULES, *INNER])
def test_the_tab_key_offers_public_names_and_nothing_else(dotted):
    home = module(dotted)
    assert dir(home) == sorted(home.__all__) and len(set(home.__all__)) == len(home.__all__)
    for name in home.__all__:
        value = getattr(home, name)
        assert value.__doc__, name
        made_in = getattr(value, "__module__", None) or getattr(value, "__name__", "revorder")
        assert made_in.startswith(("revorder", "builtins", "typing")), f"{dotted}.{name} is only imported there"


def test_a_name_that_is_not_there_is_an_error():
    for home in (ro, ro.plots, ro.widgets, ro.comparators, ro.batches):
        with pytest.raises(AttributeError, match="nothing"):
            home.nothing  # noqa: B018


def test_stubs_hold_only_imports_of_names_under_their_own_name(root):
    """lazy_loader reads them, and knows nothing else: `from .x import y as z` would be found as y."""
    assert len(stubs(root)) > 5
    for path in stubs(root):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.AnnAssign):
                assert path.parent.name == "revorder" and node.target.id == "__version__"
                continue
            assert isinstance(node, ast.ImportFrom) and node.level == 1, path
            assert all(alias.name == alias.asname for alias in node.names), f"{path}: write `import y as y`"


def test_no_name_stands_in_two_stubs(root):
    found = {}
    for path in stubs(root):
        for node in ast.parse(path.read_text()).body:
            for alias in getattr(node, "names", []):
                found.setdefault(alias.name, []).append(path.parent.name)
    twice = {name: homes for name, homes in found.items() if len(homes) > 1}
    # modules are handed on by their rooms; `run` runs an update, or an experiment; an exponent is a closed form, or its
    # estimate along a run
    assert twice == {
        "comparators": ["revorder", "updates"],
        "datasets": ["revorder", "data"],
        "images": ["revorder", "data"],
        "lyapunov_exponent": ["diagnostics", "theory"],
        "run": ["revorder", "experiments"],
    }


def test_a_function_is_not_hidden_by_the_module_of_its_name():
    """`run` lives in running/run.py, `plan` in planning/plan.py: whoever imports those first must not get modules."""
    code = """
import revorder.running.run, revorder.planning.plan
import revorder as ro
print(callable(ro.run), callable(ro.plan))
"""
    assert printed("-c", code).split() == ["True", "True"]


def test_every_module_can_be_imported_alone(root):
    """No import works only because another one came first."""
    names = [
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((root / "revorder").rglob("*.py"))
        if path.stem != "__main__"
    ]
    code = f"""
import importlib, sys
import torch, IPython, ipywidgets, matplotlib.pyplot, scipy.stats, seaborn, sklearn.datasets
for name in {names!r}:
    for loaded in [each for each in sys.modules if each.split(".")[0] == "revorder"]:
        del sys.modules[loaded]
    importlib.import_module(name)
"""
    printed("-c", code)


def test_public_modules_are_where_the_docs_say():
    for dotted in ("revorder.experiments.budget", "revorder.updates.comparators", "revorder.data.datasets"):
        assert importlib.import_module(dotted).__all__
