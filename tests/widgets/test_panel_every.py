"""Every experiment's smoke profile through the panel on the CPU: started, stopped, and resumed by another panel.

Two are run always, all of them where REVORDER_NIGHTLY is set.
"""

from __future__ import annotations

import numpy as np
import pytest
from nights import nightly
from results import differences
from test_panel import wait

import revorder as ro
from revorder.experiments import Folder, jobs, run
from revorder.experiments.catalogue import NAMES, experiment
from revorder.widgets import ExperimentPanel

ENGINES = ("replay", "wavefront")
EVERY = [(name, engine) for name in NAMES for engine in ENGINES]
ALWAYS = [("mlp-digits", "replay"), ("resnet18-cifar10", "wavefront")]
CHOSEN = [*ALWAYS, *nightly(*(pair for pair in EVERY if pair not in ALWAYS))]
CLASSES = {"cifar10": ("cifar-10", 10), "cifar100": ("cifar-100", [20, 100])}  # coarse and fine


@pytest.fixture
def data(request, tmp_path):
    """A function from a configuration to the folder with its data; small archives stand for CIFAR's."""

    def folder(config):
        if config.dataset.startswith("fashion"):
            return request.getfixturevalue("fashion_mnist_folder")
        if config.dataset.startswith("cifar"):
            name, classes = CLASSES[config.dataset]
            draw = np.random.default_rng(0)
            pixels = draw.integers(0, 256, (6 * config.records_per_file, 3, 32, 32), np.uint8)
            ro.datasets.write_archive(
                tmp_path, name, pixels, draw.integers(0, classes, (len(pixels), *np.shape(classes)))
            )
        return tmp_path

    return folder


def small(name, engine):
    config = experiment(name, "smoke", engine=engine, precision="float64", threads=1, keep_states=True)
    return config.replace(records_per_file=20) if config.dataset.startswith("cifar") else config


def half_way(panel, config):
    """Stop in the second job, which is backward's."""
    first = jobs(config)[0].plan(config).cost
    panel.start.click()
    wait(lambda: panel.evaluations > first or not panel.task.is_alive(), 120)
    panel.stop.click()
    panel.result(60)


@pytest.mark.parametrize("name, engine", CHOSEN)
def test_every_experiment_is_stopped_and_resumed(name, engine, data, tmp_path):
    config = small(name, engine)
    where = data(config)
    whole = run(config, tmp_path / "whole", data=where)
    before = ExperimentPanel(config=config, folder=tmp_path / "r", data=where)
    before.engine.value = engine
    half_way(before, config)
    assert before.state == "stopped" and list((tmp_path / "r" / "jobs").glob("*snapshot*"))
    assert differences(Folder(tmp_path / "r"), whole)
    after = ExperimentPanel(config=config, folder=tmp_path / "r", data=where)
    after.engine.value = engine
    assert after.state == "stopped"
    after.resume.click()
    folder = after.result(120)
    assert differences(folder, whole, 0.0 if engine == "replay" else 1e-9) == []
    assert sum(line["resumed"] for line in folder.card()["jobs"].values()) == 1


def test_the_sample_is_of_what_there_is():
    assert set(ALWAYS) <= set(EVERY) and {engine for _, engine in ALWAYS} == set(ENGINES)
