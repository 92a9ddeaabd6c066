"""The recorded answer for the transformer: it is what its files say, and training again gives the recorded numbers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import ROOT
from scipy import stats
from scripts import loaded

from revorder.experiments import Folder, build, experiment, load
from revorder.experiments.arithmetic import arithmetic_of
from revorder.experiments.summaries import read

FOLDER = ROOT / "notebooks" / "results" / "tiny-transformer"
ORDERS = ("forward", "backward")


@pytest.fixture(scope="module")
def script():
    return loaded(ROOT / "notebooks" / "results" / "tiny_transformer.py")


@pytest.fixture(scope="module")
def results():
    return read(Folder(FOLDER))


@pytest.fixture(scope="module")
def tuning():
    return json.loads((FOLDER / "tuning.json").read_text())


def test_all_of_it_is_there_and_small(results):
    assert results.config == experiment("tiny-transformer", "laptop")
    assert not results.diverged and not results.unfinished
    assert {order: sorted(runs) for order, runs in results.runs.items()} == {order: list(range(8)) for order in ORDERS}
    assert {line["threads"] for line in results.card["jobs"].values()} == {1}
    assert sum(found.stat().st_size for found in FOLDER.rglob("*") if found.is_file()) < 500_000


def test_both_orders_were_tuned_on_one_grid_and_on_other_seeds(script, results, tuning):
    assert tuning["rates"] == list(script.RATES) and len(script.RATES) == 4
    assert not set(tuning["seeds"]) & set(range(results.config.seeds))
    for order in ORDERS:
        rows = dict(zip(tuning["rates"], tuning[order], strict=True))
        means = {rate: np.mean(row) for rate, row in rows.items() if None not in row}
        assert min(means, key=means.get) == tuning["best"][order]
        assert None not in rows[results.config.lr] and None in rows[tuning["rates"][-1]]  # the grid goes too far, too
    assert results.config.lr == script.shared_rate(tuning)


def test_the_text_is_what_the_files_say(script, results, tuning):
    bold = read(Folder(script.BOLD))
    assert (FOLDER / "README.md").read_text() == script.findings(results, bold, tuning)
    assert bold.config == results.config.replace(orders=("forward",), lr=tuning["best"]["forward"])


def spread(run):
    """Of the last five checkpoints about the line that fits them best."""
    steps, losses = np.array(run.steps[-5:]), run.metrics["test loss"][-5:]
    left = losses - np.polyval(np.polyfit(steps, losses, 1), steps)
    return np.sqrt(np.mean(left**2))


def gaps(results, measure):
    """Backward minus forward: mean, and half of Student's 95 % interval."""
    found = [measure(results.runs["backward"][seed]) - measure(results.runs["forward"][seed]) for seed in range(8)]
    return np.mean(found), stats.t.ppf(0.975, 7) * np.std(found, ddof=1) / 8**0.5


@pytest.mark.parametrize("seed", [0, 1])
def test_training_again_gives_the_recorded_numbers(results, seed):
    config, early = results.config, results.config.checkpoints[:2]
    with arithmetic_of(config):
        problem = build(config, load(config), seed)
        again = {order: problem.run(order, early, engine="replay", record=lambda state: {}) for order in ORDERS}
    for order, other in (ORDERS, ORDERS[::-1]):
        for name, values in again[order].metrics.items():
            kept = results.runs[order][seed].metrics[name][:2]
            assert values == pytest.approx(kept, rel=1e-3), name
        kept = again[order].metrics["test loss"]
        assert abs(results.runs[other][seed].metrics["test loss"][:2] / kept - 1).max() > 3e-3  # the other order
        assert abs(results.runs[order][1 - seed].metrics["test loss"][:2] / kept - 1).max() > 3e-3  # the other seed


def test_backward_jitters_less_and_ends_no_better(results):
    centre, half = gaps(results, spread)
    assert centre + half < 0
    for measure in (lambda run: run.metrics["test loss"][-1], lambda run: run.metrics["test loss"].min()):
        centre, half = gaps(results, measure)
        assert centre - half < 0 < centre + half
