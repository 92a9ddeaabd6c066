"""The data flow of the package: imports point one way, planning needs no torch, and importing is light."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

# every module may import from earlier lines only
LAYERS = [
    "lazy orders errors origins files trie pytrees randomness figures packing theory.checks",
    "idx cifar tangents",
    "theory.bounds theory.one_number theory.binary theory.bernoulli theory.covariance theory.random_slopes "
    "theory.cycles theory.fractals",
    "theory schedule batches updates modules resnets storage memory",
    "planning datasets trajectory models",
    "collecting images comparators",
    "engines.maps engines.places parallel",
    "engines.stopwatch engines.linear engines.fused engines.coalescence",
    "engines.kernels",
    "engines.replay engines.wavefront engines.affine",
    "engines.auto",
    "engines",
    "running",
    "problems lie seeds diagnostics.estimates",
    "diagnostics.jacobians diagnostics.commutators",
    "diagnostics.contraction diagnostics.perfect diagnostics.laws diagnostics.spreads diagnostics.fractals",
    "diagnostics",
    "experiments.configs experiments.cards",
    "experiments.job experiments.building experiments.catalogue",
    "experiments.folders experiments.estimates experiments.budget",
    "experiments.running experiments.summaries experiments.typed",
    "plots.paths plots.plans",
    "plots.contraction plots.chaos plots.laws plots.perfect plots.quadratics plots.brackets plots.experiments "
    "plots.training plots.budget",
    "plots course.profiles",
    "experiments.documents",
    "experiments.reports",
    "experiments",
    "progress",
    "cli",
    "__main__",
    "widgets.base widgets.live widgets.choices",
    "widgets.contraction widgets.chaos widgets.one_number widgets.perfect widgets.quadratics widgets.brackets "
    "widgets.composer widgets.digits widgets.training widgets.budget widgets.panel",
    "widgets course",
    "course.start_here",
    "course.contractions course.chaos_game course.one_number course.perfect_sampling "
    "course.quadratics course.orders_and_costs course.lie_brackets course.neural_networks course.what_should_i_use "
    "course.gpu_experiments course.judging",
    "course.assignment_orders course.assignment_laws",
    "course.assignment",
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names.split()}


def modules(root):
    for path in sorted((root / "revorder").rglob("*.py")):
        name = ".".join(path.relative_to(root / "revorder").with_suffix("").parts).removesuffix(".__init__")
        if name != "__init__":
            yield name, path


def imported(path):
    """Modules of ours that a file imports at run time, not only for type checkers."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "revorder":
            if id(node) in typing_only:
                continue
            home = node.module.removeprefix("revorder").removeprefix(".")
            for alias in node.names:
                full = f"{home}.{alias.name}".removeprefix(".")
                yield full if full in RANK else home


def test_imports_point_one_way(root):
    for name, path in modules(root):
        assert name in RANK, f"{name} has no place in the data flow"
        for used in imported(path):
            assert RANK[used] < RANK[name], f"{name} imports {used}"


def test_every_layer_exists(root):
    assert set(RANK) == {name for name, _ in modules(root)}


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_orders_plans_and_theory_need_no_torch():
    code = """
import sys
sys.modules["torch"] = None
import revorder as ro
print(ro.plan("backward", range(1, 101), [i % 10 for i in range(100)]).cost)
print(ro.theory.error_bound(0.5, 1, 2))
"""
    made = python(code)
    assert made.stdout.split() == ["955", "2.0"], made.stderr


def test_theory_imports_nothing_else_of_ours(root):
    for name, path in modules(root):
        if name.split(".")[0] == "theory":
            assert all(used.split(".")[0] == "theory" for used in imported(path)), name


def test_every_public_name_can_be_had_and_is_documented():
    import revorder as ro

    for name in ro.__all__:
        assert getattr(ro, name).__doc__, name
    assert set(ro.__all__) <= set(dir(ro))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ro.nothing  # noqa: B018


def test_files_stay_small(root):
    for name, path in modules(root):
        assert len(path.read_text().splitlines()) <= 260, name
