"""A configuration of one's own in the experiment panel stays as it is; an alert goes with what it was about."""

from __future__ import annotations

import html

import pytest
from test_panel import come_to_rest, text, wait

from revorder.experiments import Config
from revorder.experiments.catalogue import experiment
from revorder.widgets import ExperimentPanel

OWN = Config("mine", "smoke", steps=40, stride=10, seeds=1, width=4, train_examples=60, test_examples=20,
             train_measured=0)  # fmt: skip


@pytest.mark.parametrize("changes", [
    {}, {"engine": "replay"}, {"seeds": 2000, "orders": ["forward"]}, {"compile": True}, {"precision": "bf16"},
    {"orders": ["backward-window:7", "two-sided", "shuffled:3"]}, {"threads": 2}, {"profile": "laptop"},
    {"model": "resnet18", "dataset": "cifar10"}, {"model": "transformer", "dataset": "austen"},
])  # fmt: skip
def test_it_asks_for_what_it_was_given(changes):
    config = OWN.replace(**changes)
    panel = ExperimentPanel(config=config)
    assert panel.config() == config
    panel.experiment.value = "mlp-digits"
    panel.experiment.value = ""
    assert panel.config() == config


def test_ours_in_the_small_size_go_by_replay():
    """Checkpoints come one after another, so that there is something to watch."""
    panel = ExperimentPanel("mlp-digits", "smoke", config=OWN)
    assert panel.config().engine == "wavefront"
    panel.experiment.value = "mlp-digits"
    assert panel.config() == experiment("mlp-digits", "smoke", engine="replay")
    panel.profile.value = "laptop"
    assert panel.config() == experiment("mlp-digits", "laptop")


def failed(tmp_path):
    panel = ExperimentPanel("mlp-fashion-mnist", "smoke", home=tmp_path, data="/nonexistent")
    panel.start.click()
    wait(lambda: not panel.busy)
    assert "Failed" in text(panel.error)
    return panel


def refused(tmp_path):
    panel = ExperimentPanel("mlp-digits", "smoke", home=tmp_path)
    panel.orders.value = "sideways"
    panel.start.click()
    assert "Not possible" in text(panel.error)
    return panel


@pytest.mark.parametrize("alerted", [failed, refused])
@pytest.mark.parametrize("control, value", [
    ("experiment", "tiny-transformer"), ("profile", "gpu"), ("seeds", 7), ("orders", "backward"),
    ("engine", "wavefront"), ("folder", "elsewhere"),
])  # fmt: skip
def test_an_alert_goes_when_another_choice_is_made(alerted, control, value, tmp_path):
    panel = alerted(tmp_path)
    try:
        getattr(panel, control).value = value
        assert text(panel.error) == "" and panel.state == "idle"
    finally:
        come_to_rest(panel)


def test_what_there_cannot_be_is_refused_by_name():
    panel = ExperimentPanel(config=Config("mine", "smoke", model="resnet18", dataset="cifar10", precision="bf16",
                                          engine="replay"))  # fmt: skip
    panel.engine.value = "wavefront"
    panel.start.click()
    assert "use engine='replay'" in html.unescape(text(panel.error)) and panel.task is None
