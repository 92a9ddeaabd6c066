"""The experiment panel, driven by setting its controls and pressing its buttons; no browser needed."""

from __future__ import annotations

import re
import time

import numpy as np
import pytest
from results import differences

from revorder.experiments import Config, Folder, StoppedError, run
from revorder.experiments.catalogue import NAMES, experiment
from revorder.experiments.estimates import estimate
from revorder.widgets import ExperimentPanel
from revorder.widgets.board import ENABLED
from revorder.widgets.live import Curves

LIVE = Config("<live>", "smoke", steps=100, stride=10, seeds=3, width=4, engine="replay", keep_states=True,
              train_examples=200, test_examples=50)  # fmt: skip
TOTAL = 3 * (100 + 550)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The result of a run that nobody disturbed."""
    return run(LIVE, tmp_path_factory.mktemp("results") / "whole")


@pytest.fixture
def panel(tmp_path):
    made = ExperimentPanel(config=LIVE, folder=tmp_path / "r")
    yield made
    come_to_rest(made)


def come_to_rest(panel):
    """Stop what it runs, paused or not, and wait for it."""
    if panel.task is not None:
        panel.task.stop.set()
        panel.task.go.set()
        panel.task.join(10)


def text(widget):
    return re.sub(r"<[^>]+>", "", widget.value)


def wait(until, seconds=30):
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def pressable(panel):
    return {name for name in ("price", "start", "pause", "resume", "stop") if not getattr(panel, name).disabled}


def check_state(panel, state):
    assert panel.state == state
    assert 'role="status"' in panel.status.value and text(panel.status).startswith(f"{state.capitalize()}.")
    assert pressable(panel) == set(ENABLED[state].split())
    assert panel.folder.disabled == (state not in ("idle", "stopped", "finished", "failed"))


def test_start_pause_resume_stop_resume_gives_the_same_bits(panel, whole):
    check_state(panel, "idle")
    panel.start.click()
    check_state(panel, "running")
    wait(lambda: panel.evaluations > 5)
    panel.pause.click()
    check_state(panel, "paused")
    wait(lambda: f"{panel.evaluations:,} of {TOTAL:,} evaluations" in panel.progress.value)  # the thread waits
    stand = panel.evaluations
    time.sleep(0.3)
    assert panel.evaluations == stand < TOTAL
    panel.resume.click()
    check_state(panel, "running")
    wait(lambda: panel.evaluations > max(150, stand + 5))  # in the second job
    began = time.monotonic()
    panel.stop.click()
    assert panel.result(1) is not None and time.monotonic() - began < 1
    check_state(panel, "stopped")
    made = int(re.search(r"after (\d+) evaluations", panel.status.value).group(1))
    (snapshot,) = (Folder(panel.folder.value).path / "jobs").glob("*snapshot*")
    assert made > 0 and differences(Folder(panel.folder.value), whole)
    panel.resume.click()
    folder = panel.result(60)
    check_state(panel, "finished")
    assert differences(folder, whole) == [] and not snapshot.exists()
    assert sum(line["resumed"] for line in folder.card()["jobs"].values()) == 1
    assert panel.evaluations == TOTAL and panel.bar.value == 1 and "job 6 of 6" in panel.progress.value


def test_the_comparison_can_fail(whole, tmp_path):
    assert differences(run(LIVE.replace(lr=0.1001), tmp_path / "r"), whole)


def test_a_paused_run_can_be_stopped_and_goes_on(panel, whole):
    panel.start.click()
    wait(lambda: panel.evaluations > 5)
    panel.pause.click()
    with pytest.raises(TimeoutError, match="paused"):
        panel.result(0.05)
    panel.stop.click()
    panel.result(1)
    check_state(panel, "stopped")
    panel.price.click()  # the price may be looked at in between
    wait(lambda: panel.state == "stopped")
    panel.start.click()  # the same configuration and folder: Start goes on, too
    assert differences(panel.result(60), whole) == []


def test_what_is_shown_at_the_end_is_what_the_folder_holds(panel, whole):
    assert "no checkpoint yet" in panel.picture.alt
    panel.start.click()
    panel.result(60)
    finished = whole.finished()
    ends = [finished["backward", seed].metrics["test loss"][-1] for seed in range(3)]
    assert f"backward: 3 runs, test loss {ends[0]:.3g} at step 100, {ends[1]:.3g} at step 100" in panel.picture.alt
    assert panel.figure.value == panel.picture.html
    assert panel._curves.picture().alt == Curves(finished).picture().alt


def stopped_at_once(*given, **options):
    raise StoppedError("was stopped before its first evaluation")


def test_curves_stay_when_a_resumed_run_is_stopped_at_once(panel, monkeypatch):
    """Of a job that is not finished, too: its snapshot holds what the curve shows."""
    panel.start.click()
    wait(lambda: any(len(steps) > 1 for _, (steps, _) in panel._curves.of.values()))
    panel.stop.click()
    wait(lambda: panel.state == "stopped")
    before = panel.picture.alt
    assert "one line for each run" in before and len(panel._curves.of) == 1
    monkeypatch.setattr("revorder.widgets.underway.run", stopped_at_once)
    panel.resume.click()
    wait(lambda: panel.state == "stopped")
    assert "one line for each run" in panel.picture.alt


def test_another_start_begins_without_curves(panel, tmp_path, monkeypatch):
    panel.start.click()
    wait(lambda: panel._curves.of)
    panel.stop.click()
    wait(lambda: panel.state == "stopped")
    panel.folder.value = str(tmp_path / "another")
    monkeypatch.setattr("revorder.widgets.underway.run", stopped_at_once)
    panel.start.click()
    wait(lambda: panel.state == "stopped")
    assert panel._curves.of == {} and "no checkpoint yet" in panel.picture.alt


def test_curves_grow_while_it_runs_and_at_most_once_a_second(panel, monkeypatch):
    drawn = []
    monkeypatch.setattr(panel, "_draw", lambda: (drawn.append(time.monotonic()), ExperimentPanel._draw(panel)))
    panel.seeds.value = 6
    panel.start.click()
    panel.result(60)
    gaps = np.diff(drawn[:-1])  # the last one is the picture of the end
    assert len(gaps) and (gaps >= 1).all()


def test_cost_is_shown_before_and_at_the_start(panel):
    expected = estimate(LIVE)
    panel.price.click()
    wait(lambda: panel.state == "idle")
    rows = re.findall(r"<tr><th scope=\"row\".*?</tr>", panel.table.value)
    cells = [re.sub(r"<[^>]+>", " ", row).split()[:4] for row in rows]
    assert cells[0][:3] == ["forward", "3", "300"] and cells[1][:3] == ["backward", "3", "1,650"]
    assert cells[2][:3] == ["all", "6", f"{expected.evaluations:,}"] and expected.evaluations == TOTAL
    assert not Folder(panel.folder.value).path.exists()  # looking costs nothing
    panel.table.value = ""
    panel.seeds.value = 1
    panel.start.click()
    panel.result(60)
    assert "550" in panel.table.value


def test_folders_of_the_same_configuration_go_on_and_others_are_refused(panel, whole):
    panel.folder.value = str(whole.path)
    panel.start.click()
    assert panel.result(30).path == whole.path
    check_state(panel, "finished")
    before = whole.frame()
    panel.seeds.value = 2
    panel.start.click()
    assert 'role="alert"' in panel.error.value and "another configuration" in panel.error.value
    check_state(panel, "idle")
    assert whole.frame().equals(before)
    panel.seeds.value = 3
    panel.start.click()
    assert panel.error.value == ""
    panel.result(30)


def test_a_failed_run_says_so_and_raises(tmp_path):
    panel = ExperimentPanel("mlp-fashion-mnist", folder=tmp_path / "r", data=tmp_path / "<b>nowhere</b>")
    panel.start.click()
    with pytest.raises(ValueError, match="nowhere"):
        panel.result(60)
    wait(lambda: panel.state == "failed")
    check_state(panel, "failed")
    assert 'role="alert"' in panel.error.value and "&lt;b&gt;nowhere" in panel.error.value
    assert "<b>nowhere" not in panel.error.value


@pytest.mark.parametrize(
    "control, value, said",
    [("orders", "forward, sideways<i>", "sideways&lt;i&gt;"), ("orders", " ", "orders"), ("folder", "  ", "no name")],
)
def test_bad_input_is_explained_and_nothing_starts(panel, control, value, said):
    getattr(panel, control).value = value
    panel.start.click()
    assert 'role="alert"' in panel.error.value and said in panel.error.value
    check_state(panel, "idle")
    with pytest.raises(RuntimeError, match="nothing was started"):
        panel.result()


def test_damaged_folders_and_foreign_files_are_left_alone(panel, tmp_path):
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "config.json").write_text("{")
    panel.start.click()
    assert "not a revorder configuration" in panel.error.value
    (tmp_path / "r" / "config.json").rename(tmp_path / "r" / "thesis.tex")
    panel.start.click()
    with pytest.raises(ValueError, match="not empty"):
        panel.result(30)
    assert (tmp_path / "r" / "thesis.tex").read_text() == "{"


def test_choices_are_those_of_the_catalogue():
    panel = ExperimentPanel()
    assert panel.config() == experiment("mlp-digits", "smoke", engine="replay")
    for name in NAMES:
        panel.experiment.value, panel.profile.value = name, "laptop"
        assert panel.config() == experiment(name, "laptop")
        assert panel.engine.value == "wavefront"
    panel.orders.value, panel.seeds.value = "forward, backward-window:8", 7
    assert panel.config().orders == ("forward", "backward-window:8") and panel.config().seeds == 7


def test_a_temporary_folder_follows_the_configuration():
    panel = ExperimentPanel(config=LIVE.replace(steps=20, seeds=1))
    paths = []
    for seeds in (1, 2, 1):
        panel.seeds.value = seeds
        panel.start.click()
        paths.append(panel.result(60).path)
        assert panel.error.value == "" and str(paths[-1]) == panel.folder.value
    assert paths[0] == paths[2] != paths[1]


def test_buttons_out_of_turn_do_nothing(panel):
    for button in (panel.pause, panel.resume, panel.stop):
        button.click()
        check_state(panel, "idle")
    panel.start.click()
    task = panel.task
    panel.start.click()
    assert panel.task is task


def test_texts_are_escaped_and_controls_labelled(panel):
    panel.start.click()
    assert "&lt;live&gt;" in panel.status.value and "<live>" not in panel.status.value
    assert all(control.description for control in (*panel.controls, *panel.buttons))


def test_wavefront_says_that_curves_come_late(panel, tmp_path):
    assert any("arrive together" in child.value for child in panel.view.children if hasattr(child, "value"))
    panel.engine.value = "wavefront"
    panel.start.click()
    assert len(panel.result(60).finished()) == 6
