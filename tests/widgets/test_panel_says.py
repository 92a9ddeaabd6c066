"""The experiment panel says nothing that is not so: sentences that once were false, and what stands there instead."""

from __future__ import annotations

import re
import threading

import pytest
from test_panel import LIVE, TOTAL, check_state, come_to_rest, text, wait

from revorder.experiments import StoppedError, run, running
from revorder.experiments.catalogue import experiment
from revorder.widgets import ExperimentPanel

SHORT = LIVE.replace(seeds=1)


@pytest.fixture
def panel(tmp_path):
    made = ExperimentPanel(config=LIVE, home=tmp_path / "home")
    yield made
    come_to_rest(made)


@pytest.fixture
def finished(panel):
    panel.seeds.value = 1
    panel.start.click()
    panel.result(60)
    return panel


def everything(panel):
    return " ".join(text(part) for part in (panel.status, panel.progress, panel.error, panel.table))


def test_a_failed_download_has_not_finished_anything(tmp_path, monkeypatch):
    """It said: all jobs had been finished before; and: what was finished is kept."""

    def offline(*args):
        raise OSError("no connection")

    monkeypatch.setattr("revorder.experiments.running.load", offline)
    panel = ExperimentPanel("mlp-fashion-mnist", home=tmp_path)
    panel.start.click()
    with pytest.raises(OSError, match="no connection"):
        panel.result(60)
    wait(lambda: panel.state == "failed")
    assert text(panel.progress) == "no evaluation was made" and panel.bar.value == 0
    assert "No job of mlp-fashion-mnist (smoke) was finished" in text(panel.status)
    assert "finished before" not in everything(panel) and "kept" not in text(panel.status)


def test_what_is_kept_after_a_failure_is_counted(tmp_path, monkeypatch):
    panel = ExperimentPanel(config=LIVE, home=tmp_path)

    original = running.note

    def full(folder, job, line):
        original(folder, job, line)
        if len(folder.card()["jobs"]) == 2:
            raise OSError("disk full")

    monkeypatch.setattr(running, "note", full)
    panel.start.click()
    with pytest.raises(OSError, match="disk full"):
        panel.result(60)
    wait(lambda: panel.state == "failed")
    assert "2 of 6 jobs finished in" in text(panel.status) and "goes on with them" in text(panel.status)


def test_pricing_another_experiment_does_not_say_that_it_is_finished(finished):
    """It said: Finished, 100 %, over the price of something that had never run."""
    check_state(finished, "finished")
    finished.experiment.value = "mlp-digits"
    check_state(finished, "idle")
    assert finished.bar.value == 0 and text(finished.progress) == "" and "no checkpoint yet" in finished.picture.alt
    finished.price.click()
    wait(lambda: finished.state == "idle")
    assert "100 %" not in everything(finished) and "Finished" not in everything(finished)
    assert "Cost of mlp-digits (smoke): forward, backward; 2 seeds" in text(finished.table)


def test_a_price_is_never_shown_for_other_controls(panel):
    """It stayed where it was when seeds, orders or engine changed, and said: timed just now."""
    panel.price.click()
    wait(lambda: panel.state == "idle")
    assert "3 seeds" in text(panel.table) and "just now" not in text(panel.table)
    shown = panel.table.value
    for control, value in ((panel.seeds, 2), (panel.orders, "forward"), (panel.engine, "wavefront")):
        before, control.value = control.value, value
        assert panel.table.value == "", control.description
        control.value = before
        assert panel.table.value == shown


def test_a_price_that_fails_leaves_a_stopped_run_stopped(panel, monkeypatch):
    """It said that a run had failed, and took Resume away."""
    panel.start.click()
    wait(lambda: panel.evaluations > 5)
    panel.stop.click()
    panel.result(30)
    wait(lambda: panel.state == "stopped")
    said = panel.status.value

    def fails(*args, **options):
        raise RuntimeError("out of memory")

    panel._priced = None
    monkeypatch.setattr("revorder.widgets.underway.estimate", fails)
    panel.price.click()
    wait(lambda: panel.state == "stopped")
    assert "out of memory" in panel.error.value and panel.status.value == said and not panel.resume.disabled


def test_a_new_run_does_not_begin_at_the_end_of_the_one_before(finished, monkeypatch):
    """The bar of the last run stood at 100 % until the first evaluation of the next one."""
    gate = threading.Event()
    monkeypatch.setattr("revorder.widgets.underway.estimate", lambda *args, **options: gate.wait(30) and 1 / 0)
    finished._priced = None
    finished.start.click()
    assert finished.bar.value == 0 and text(finished.progress) == ""
    assert "First the cost of" in text(finished.status) and "under way" not in text(finished.status)
    gate.set()
    wait(lambda: finished.state == "failed")


def test_it_is_under_way_when_it_is(panel):
    panel.start.click()
    wait(lambda: panel.evaluations > 5)
    assert "is under way" in text(panel.status)
    panel.stop.click()
    panel.result(30)


def test_a_run_that_diverged_is_not_just_finished(tmp_path):
    panel = ExperimentPanel(config=SHORT.replace(lr=1e30), home=tmp_path)
    panel.start.click()
    panel.result(60)
    wait(lambda: panel.state == "finished")
    assert "DIVERGED" in text(panel.status) and "forward-seed0, backward-seed0" in text(panel.status)


def test_what_had_been_finished_before_is_said_of_what_was(finished, tmp_path):
    place = finished.result().path
    again = ExperimentPanel(config=SHORT, folder=place)
    check_state(again, "finished")
    assert text(again.progress) == "2 of 2 jobs finished" and again.result().path == place
    again.start.click()
    again.result(30)
    wait(lambda: again.state == "finished")
    assert text(again.progress) == "all 2 jobs had been finished before" and again.bar.value == 1


def test_a_folder_that_outlived_its_kernel_is_shown_and_goes_on(tmp_path):
    """Another process was stopped; this one sees how far it came."""
    stop = threading.Event()
    with pytest.raises(StoppedError):
        run(LIVE, tmp_path / "<live>-smoke", stop=stop,
            watcher=lambda progress: progress.number == 3 and progress.evaluations > 50 and stop.set())  # fmt: skip
    panel = ExperimentPanel(config=LIVE, home=tmp_path)
    check_state(panel, "stopped")
    assert "was left unfinished" in text(panel.status) and text(panel.progress) == "2 of 6 jobs finished"
    assert "forward: 1 run," in panel.picture.alt and "backward: 1 run," in panel.picture.alt
    assert panel.bar.value == pytest.approx(2 / 6)
    panel.resume.click()
    folder = panel.result(60)
    assert folder.path == tmp_path / "<live>-smoke" and len(folder.finished()) == 6
    assert [line["resumed"] for line in folder.card()["jobs"].values()].count(True) == 1
    assert re.search(f"{TOTAL:,} of {TOTAL:,} evaluations, 100 %", text(panel.progress))


def test_choosing_looks_for_what_is_there(tmp_path):
    run(experiment("mlp-digits", "smoke", engine="replay"), tmp_path / "mlp-digits-smoke")
    panel = ExperimentPanel(config=LIVE, home=tmp_path)
    check_state(panel, "idle")
    panel.experiment.value = "mlp-digits"
    check_state(panel, "finished")
    panel.orders.value = "sideways"
    check_state(panel, "idle")
    assert panel.table.value == "" and "no checkpoint yet" in panel.picture.alt


def test_a_damaged_folder_is_no_experiment(tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "config.json").write_text("{")
    panel = ExperimentPanel(config=LIVE, folder=tmp_path / "r")
    check_state(panel, "idle")
