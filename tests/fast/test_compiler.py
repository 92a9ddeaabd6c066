"""What the machine is told: whole vectors in registers, no counting; and what happens where it cannot be told."""

from __future__ import annotations

import re

import numpy as np
import pytest
from processes import printed

numba = pytest.importorskip("numba")

from revorder.fast import compiler, kernel, run, tiles, vectors  # noqa: E402


@pytest.fixture(scope="module")
def tile():
    """The product for eight examples, alone: (what LLVM is given, what the processor is)."""
    alone = numba.njit(**compiler.HOW)(tiles.apply_8.py_func)
    flat, whole = numba.float32[::1], numba.int64
    alone.compile((flat, whole, whole, flat, whole, whole, whole, whole))
    return next(iter(alone.inspect_llvm().values())), next(iter(alone.inspect_asm().values()))


def test_vectors_are_what_llvm_works_on(tile):
    lanes = vectors.BYTES // 4
    assert len(re.findall(rf"fmul contract <{lanes} x float>", tile[0])) >= 8
    assert "x float> @" not in tile[0]  # no call of a function of vectors


def test_products_and_sums_are_one_instruction(tile):
    if "avx512f" not in compiler_features():
        pytest.skip("written for processors with AVX-512")
    assert len(re.findall(r"vfmadd\S+\s.*zmm", tile[1])) >= 8 and "vmulps" not in tile[1]


def compiler_features():
    import llvmlite.binding

    return [name for name, there in llvmlite.binding.get_host_cpu_features().items() if there]


def test_nobody_counts_references(tile):
    assert "NRT_incref" not in tile[0] and kernel.advance.targetoptions["_nrt"] is False
    counting = numba.njit(lambda rows: rows[0].sum())
    counting(np.zeros((1, 2)))
    assert "NRT_incref" in next(iter(counting.inspect_llvm().values()))  # which would be seen


def test_first_call_is_priced():
    assert run.first_call_seconds(None, "float64") in (0.0, run.LOADING, run.COMPILING)
    run._compiled(np.dtype("float64"))
    assert run.first_call_seconds(None, "float64") == 0 and kernel.on_disk(np.dtype("float64"))


def test_nothing_is_on_an_empty_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert float(printed("-c", "from revorder.fast import run; print(run.first_call_seconds(None, 'float32'))")) == 8


def test_numba_is_imported_late():
    code = "import sys; from revorder.fast import run; print(run.available(), 'numba' in sys.modules)"
    assert printed("-c", code).split() == ["True", "False"]


def test_without_numba():
    code = """
import sys
sys.modules["numba"] = None
import numpy as np
from types import SimpleNamespace
from revorder.fast import run
print(run.available(), run.first_call_seconds(None, "float32"), run.why_not())
kind = SimpleNamespace(sizes=(1, 1), activations=(), loss="square", lr=0.1, momentum=0.0)
try:
    run.advance(kind, [np.zeros((1, 1, 1)), np.zeros((1, 1))], *np.zeros((2, 1, 1, 1)), np.zeros(1, int), 1)
except run.Unavailable as error:
    print(error)
"""
    assert printed("-c", code).splitlines() == ["False inf numba is not installed", "numba is not installed"]


def test_a_failure_is_remembered(monkeypatch):
    monkeypatch.setattr(run, "_failures", [])
    monkeypatch.setattr(run, "_ready", {})
    monkeypatch.setattr(kernel, "signature", lambda dtype: 1 / 0)
    with pytest.raises(run.Unavailable, match="ZeroDivisionError"):
        run._compiled(np.dtype("float32"))
    assert not run.available() and "ZeroDivisionError" in run.why_not()
    assert run.first_call_seconds(None, "float32") == np.inf


def test_sources_are_part_of_the_key():
    [cell] = kernel.advance.py_func.__closure__
    assert cell.cell_contents == compiler.sources()
