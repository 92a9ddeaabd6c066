"""Bands over seeds: what is drawn is what numbers found without the figure say, and the figure says what it is."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from figure_samples import ORDERS, loss_run
from matplotlib.colors import to_rgb
from scipy import stats
from seen import caught

import revorder as ro

SEEDS, LAST = 6, 5
BANDS = {
    "interval": lambda v: stats.t.interval(0.95, len(v) - 1, v.mean(0), stats.sem(v)),
    "deviation": lambda v: (v.mean(0) - v.std(0, ddof=1), v.mean(0) + v.std(0, ddof=1)),
    "range": lambda v: (v.min(0), v.max(0)),
}


def seeds(order, first=0, count=SEEDS):
    return [loss_run(order, first + seed, 12) for seed in range(count)]


def together(runs):
    """The same runs as `run_seeds` would have given them."""
    metrics = {"test loss": np.array([run.metrics["test loss"] for run in runs]).T}
    return ro.SeedRuns(runs[0].order, runs[0].steps, None, metrics, cost=9, engine="")


def drawn(runs, **options):
    with caught() as made:
        picture = ro.plots.paths_figure(runs, "test loss", **{"last": LAST} | options)
    return made[-1][0], picture


def edges(collection):
    """step -> (lower, upper) of a band."""
    found = {}
    for step, y in collection.get_paths()[0].vertices:
        found.setdefault(step, []).append(y)
    return {step: (min(ys), max(ys)) for step, ys in sorted(found.items())}


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("log", [False, True])
def test_lines_are_means_and_bands_what_they_say(band, log):
    groups = [seeds("forward"), seeds("backward", 20)]
    figure, _ = drawn(groups, band=band, log=log)
    for group, (place, own) in zip(groups, enumerate(("forward", "backward")), strict=True):
        values, steps = np.array([run.metrics["test loss"] for run in group]), group[0].steps
        low, high = BANDS[band](values)
        for ax, shown in zip(figure.axes[:2], (slice(None), slice(-LAST, None)), strict=True):
            line, collection = ax.lines[place], ax.collections[place]
            assert np.allclose(line.get_ydata(), values.mean(0)[shown]) and list(line.get_xdata()) == steps[shown]
            found = edges(collection)
            assert list(found) == steps[shown]
            assert np.allclose(list(found.values()), np.array([low, high]).T[shown])
            assert np.allclose(collection.get_edgecolor()[0][:3], to_rgb(line.get_color())), own


def test_the_spread_is_the_mean_of_those_of_the_seeds():
    """Not that of the mean, which is smaller: seeds jitter each in its own way."""
    group = seeds("forward")
    each = [run.metrics["test loss"][-LAST:].std() for run in group]
    of_mean = np.mean([run.metrics["test loss"] for run in group], axis=0)[-LAST:].std()
    assert f"{np.mean(each):.2g}" != f"{of_mean:.2g}"
    figure, picture = drawn([group])
    said = f"Spread along the path, mean over seeds: forward {np.mean(each):.2g}"
    assert said in picture.alt and said in figure.get_suptitle()


@pytest.mark.parametrize("band, said", [("interval", "95 % interval of the mean"), ("range", "from the smallest to the "
                                        "largest"), ("deviation", "one standard deviation to each side")])  # fmt: skip
def test_the_figure_says_what_lines_and_bands_are(band, said):
    figure, picture = drawn([seeds("forward"), seeds("backward", count=4)], band=band)
    text = f"mean over 4 to 6 seeds; band: {said}"
    assert text in picture.alt and text in figure.legends[0].get_title().get_text()
    assert "mean" not in drawn([loss_run("forward", 1)])[1].alt


def test_runs_of_many_seeds_are_drawn_as_lists_of_runs():
    group = seeds("backward")
    assert drawn([together(group)])[1].png == drawn([group])[1].png == drawn([tuple(group)])[1].png


def test_many_seeds_that_are_one_are_a_run():
    """Whoever called `run_seeds` has no trajectory to give instead."""
    one = seeds("backward", count=1)
    assert drawn([together(one)])[1].png == drawn(one)[1].png


def test_runs_bands_and_labels_in_one_figure():
    figure, picture = drawn(
        [loss_run("shuffled", 3), seeds("forward"), together(seeds("forward", 9))], labels=["a", "b", "c"]
    )
    assert [len(ax.lines) for ax in figure.axes] == [3, 3] and [len(ax.collections) for ax in figure.axes] == [2, 2]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b", "c"]
    assert "composition order" not in figure.legends[0].get_title().get_text() and "a 0" in picture.alt


def test_a_band_of_real_runs():
    halfway = lambda theta, x: theta - 0.5 * (theta - x)
    tosses = torch.randint(2, (9, 30), generator=torch.Generator().manual_seed(0)).double()
    runs = [ro.run_seeds(halfway, torch.tensor(0.0).double(), tosses, order, range(1, 31), progress=False,
                         metrics={"test loss": lambda theta: theta}) for order in ORDERS[:2]]  # fmt: skip
    figure, _ = drawn(runs, band="range")
    for run, collection in zip(runs, figure.axes[0].collections, strict=True):
        assert edges(collection)[30] == (run.metrics["test loss"][-1].min(), run.metrics["test loss"][-1].max())


def test_a_seed_that_diverged_breaks_line_and_band():
    """A mean over those that are left would look better than it is."""
    group = seeds("forward")
    group[2].metrics["test loss"][-1] = np.nan
    figure, picture = drawn([group], band="range")
    assert np.isnan(figure.axes[0].lines[0].get_ydata()).tolist() == [False] * 11 + [True]
    assert list(edges(figure.axes[0].collections[0])) == group[0].steps[:-1] and "forward nan" in picture.alt


def test_a_logarithmic_axis_ends_where_the_seeds_do():
    group = seeds("forward", count=2)
    group[1].metrics["test loss"][-1] = 1e-3  # Student's interval of two seeds reaches far below 0
    figure, picture = drawn([group], log=True)
    assert figure.axes[0].get_ylim()[0] == pytest.approx(1e-3 / 1.15) and picture.png


@pytest.mark.parametrize(
    "runs, error, said",
    [
        ([], ValueError, "runs: got none"),
        ([[]], ValueError, r"runs\[0\]: a band needs at least two seeds, but got 0"),
        ([loss_run("forward", 1), seeds("forward", count=1)], ValueError, r"runs\[1\]: a band needs .* give the run"),
        ([ro.SeedRuns("forward", [1], None, {}, 1, "")], ValueError, r"runs\[0\]: it was run without metrics"),
        ([[loss_run("forward", 1), loss_run("backward", 1)]], ValueError, r"runs\[0\]: got runs of backward, forward"),
        ([[loss_run("forward", 1), loss_run("forward", 1, 12)]], ValueError, r"runs\[0\]: got runs with different"),
        (["forward"], TypeError, r"runs\[0\]: got 'forward', but it must be a run"),
        ([[1, 2]], TypeError, r"runs\[0\]: got \[1, 2\]"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused(runs, error, said):
    with pytest.raises(error, match=said):
        ro.plots.paths_figure(runs, "test loss")


def test_unknown_bands_are_refused():
    with pytest.raises(ValueError, match="band: got 'std', but it must be one of interval, deviation, range"):
        ro.plots.paths_figure([seeds("forward")], "test loss", band="std")
