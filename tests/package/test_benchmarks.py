from __future__ import annotations

import json

import numpy as np
import pytest
from processes import printed

from revorder.widgets import DigitsExplorer


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
    words = ["--quick", "--workloads", "diabetes,cnn,cyclic,plan", "--out", tmp_path]
    printed("benchmarks/run.py", *words, cwd=root, timeout=600)
    card = json.loads((tmp_path / "card.json").read_text())
    assert {"cpu", "cores", "threads", "os", "python", "versions", "commit", "date", "rounds"} <= card.keys()
    rows = {(row["workload"], row["method"]): row for row in card["rows"]}
    assert all(row["compared"] >= 1 and len(row["times"]) == 1 for row in rows.values())
    assert {("cnn", "JAX replay"), ("diabetes", "JAX replay"), ("diabetes", "JAX sweep")} <= rows.keys()
    assert rows["diabetes", "revorder: affine"]["flops"] == 2 * 8 * 2 * 10
    assert all(rate > 1e8 for rate in card["peaks"].values())
    assert rows["cyclic", "revorder: wavefront"]["made"] == 40 * 60 - 40 * 39 // 2
    assert card["probes"]["plan"][0]["cost"] == 200 * 201 // 2
    table = (tmp_path / "table.md").read_text()
    assert "## diabetes" in table and "| cnn |" in table.partition("## ahead of JAX")[2].partition("## diabetes")[0]
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")


def test_the_benchmark_of_a_gpu_checks_its_states_on_a_cpu_too(root, tmp_path):
    words = ["--device", "cpu", "--quick", "--workloads", "digits", "--out", tmp_path]
    printed("benchmarks/on_gpu.py", *words, cwd=root, timeout=600)
    card = json.loads((tmp_path / "card.json").read_text())
    assert card["gpu"] is None and {"cpu", "versions", "commit", "date", "rounds"} <= card.keys()
    assert len(card["rows"]) == 5 and all(row["compared"] >= 2 for row in card["rows"])
    assert "| torch.optim loop (**extrapolated**) |" in (tmp_path / "table.md").read_text()


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


def row(timing, method, seconds, workload="digits"):
    counted = {"needed": 100, "timed": 100, "made": 100, "extrapolated": False, "first_call": 1.0, "preparation": 0.0}
    told = {"compared": 1, "largest_difference": 0.0, "note": "", "flops": 0, "double": False, "group": "", "size": {}}
    return timing.Row(workload=workload, title="", method=method, times=[seconds], **counted, **told)


def test_wins_and_losses_are_told_alike(timing):
    import ahead

    times = {"JAX replay": 3.0, "JAX sweep": 6.0, "JAX replay, two side by side": 1.0, "revorder: wavefront": 2.0}
    times |= {"revorder: wavefront, fast": 1.5, "revorder: auto": 1.8}
    rows = [row(timing, *each) for each in times.items()]
    (line,) = ahead.lines(rows, threads=1)
    said = dict(zip(ahead.HEAD, line, strict=True))
    assert said["JAX's best"] == "30,000 (replay)"
    assert said["wavefront"].endswith("1.5x (aim 1.5x met)")
    assert said["wavefront, fast"].endswith("2x (aim 3x **missed**)")
    assert said["auto"].endswith("1.67x") and said["auto's loss"] == "+20%, 300 ms **missed**"
    assert "affine" not in ahead.table(rows, threads=1)
    (alone,) = ahead.lines([row(timing, "JAX sweep", 1.0), row(timing, "revorder: wavefront", 4.0)], threads=2)
    assert "0.25x" in alone[ahead.HEAD.index("wavefront")] and "aim 5x" in alone[ahead.HEAD.index("wavefront, fast")]


@pytest.mark.parametrize(("auto", "missed"), [(1.14, False), (1.16, True), (0.9, False)])
def test_auto_may_lose_a_share(timing, auto, missed):
    import ahead

    rows = {"wavefront": row(timing, "", 1.0), "affine": row(timing, "", 2.0), "auto": row(timing, "", auto)}
    assert ("missed" in ahead.auto_loss(rows)) == missed


def test_long_replays_are_shared_out_evenly(timing):
    import loops

    steps = list(range(10, 401, 10))
    shares = []
    pairs = loops.side_by_side(lambda share: shares.append(share) or share, steps, 2)
    assert sorted(pairs) == [(n, n) for n in steps]
    assert abs(sum(shares[0]) - sum(shares[1])) <= 10


def test_arithmetic_is_counted_by_layers(timing):
    import roofline
    import tasks

    assert roofline.flops(tasks.digits(1)) == 2 * 8 * (2 * 64 * 32 + 3 * 32 * 10)
    assert roofline.flops(tasks.perceptron(64, 32, 32, 10, steps=1, batch_size=32)) == 64 * (4096 + 3 * 1344)
    assert roofline.flops(tasks.cnn(1)) == 0


@pytest.fixture
def redraws(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    return pytest.importorskip("redraws")


def test_redraws_are_timed(redraws):
    explorer = DigitsExplorer(40, 10)
    moved = (explorer.lr, explorer.batch_size, explorer.order)
    before = [control.value for control in moved]
    times = redraws.redraws(explorer, most=3)
    assert list(times) == [control.description for control in moved]
    assert all(each > 0 for by_control in times.values() for each in by_control)
    assert [len(each) for each in times.values()] == [3, 3, 3]
    assert [control.value for control in moved] == before
    (line,) = redraws.table(redraws.machine.card(1), [redraws.summary("DigitsExplorer", times)]).splitlines()[-1:]
    assert line.startswith("| DigitsExplorer | yes | 3 | 9 |")


def test_a_redraw_that_shows_nothing_new_stops_the_measurement(redraws):
    explorer = DigitsExplorer(40, 10)
    explorer.lr.unobserve_all()
    with pytest.raises(AssertionError, match="learning rate = 0.01 did not redraw"):
        redraws.redraws(explorer, most=1)
