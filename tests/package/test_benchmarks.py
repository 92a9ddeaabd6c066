from __future__ import annotations

import json

import numpy as np
import pytest
from processes import printed

from revorder.widgets import BracketExplorer


@pytest.fixture
def timing(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    return pytest.importorskip("timing")


def workload(timing, run):
    reference = {2: np.array([1.0, 2.0]), 3: np.array([3.0, 4.0])}
    method = timing.Method("a method", run)
    return timing.Workload("name", "title", [method], [2, 3], 5, 5, reference, tolerance=1e-6), method


def test_a_quick_measurement_checks_and_reports(root, tmp_path):
    pytest.importorskip("jax")
    words = ["--quick", "--workloads", "diabetes,cyclic,plan", "--out", tmp_path]
    printed("benchmarks/run.py", *words, cwd=root, timeout=600)
    card = json.loads((tmp_path / "card.json").read_text())
    assert {"cpu", "cores", "threads", "os", "python", "versions", "commit", "date", "rounds"} <= card.keys()
    rows = {(row["workload"], row["method"]): row for row in card["rows"]}
    assert all(row["compared"] >= 1 and len(row["times"]) == 1 for row in rows.values())
    assert {"JAX replay", "JAX sweep"} <= {method for _, method in rows}
    assert rows["cyclic", "revorder: wavefront"]["made"] == 40 * 60 - 40 * 39 // 2
    assert card["probes"]["plan"][0]["cost"] == 200 * 201 // 2
    assert "## diabetes" in (tmp_path / "table.md").read_text()
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_right_states_are_timed(timing):
    made, _ = workload(timing, lambda steps: timing.Outcome(np.array([[1.0, 2.0], [3.0, 4.0]]), 5))
    (row,) = timing.measure(made, rounds=3, seconds=0.1)
    assert len(row.times) == 3
    assert (row.compared, row.largest_difference, row.needed) == (2, 0.0, 5)


@pytest.mark.parametrize(
    "states",
    [
        [[1.0, 2.0], [3.0, 4.1]],
        [[3.0, 4.0], [1.0, 2.0]],
        [[1.0, 2.0]],
        [[1.0, 2.0], [3.0, float("nan")]],
    ],
    ids=["off", "swapped", "missing", "nan"],
)
def test_wrong_states_stop_the_measurement(timing, states):
    made, _ = workload(timing, lambda steps: timing.Outcome(np.array(states), 5))
    with pytest.raises(timing.Disagreement, match="a method"):
        timing.measure(made, rounds=1, seconds=0.1)


def test_states_without_a_reference_are_refused(timing):
    made, method = workload(timing, None)
    with pytest.raises(timing.Disagreement, match="no checkpoint has a reference"):
        timing.compare(made, method, [7], np.zeros((1, 2)))


@pytest.fixture
def redraws(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    return pytest.importorskip("redraws")


def test_redraws_are_timed(redraws):
    explorer = BracketExplorer()
    before = [control.value for control in explorer.controls]
    times = redraws.redraws(explorer, most=3)
    assert list(times) == [control.description for control in explorer.controls]
    assert all(each > 0 for by_control in times.values() for each in by_control)
    assert [len(each) for each in times.values()] == [1, 3, 3, 3, 3]  # of two losses, the other one
    assert [control.value for control in explorer.controls] == before
    (line,) = redraws.table(redraws.machine.card(1), [redraws.summary("BracketExplorer", times)]).splitlines()[-1:]
    assert line.startswith("| BracketExplorer | no | 5 | 13 |")


def test_a_redraw_that_shows_nothing_new_stops_the_measurement(redraws):
    explorer = BracketExplorer()
    explorer.lr.unobserve_all()
    with pytest.raises(AssertionError, match="learning rate h = 0.02 did not redraw"):
        redraws.redraws(explorer, most=1)
