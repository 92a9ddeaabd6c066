"""Loss and accuracy, on training and test examples: means and bands against numpy, and results that lack half of it."""

from __future__ import annotations

import numpy as np
import pytest
from figure_samples import MORE_ORDERS, metrics_run
from scipy import stats
from seen import caught

import revorder as ro

SEEDS = 5


def runs(orders=("forward", "backward"), seeds=SEEDS, without=()):
    made = {order: [metrics_run(order, 10 * i + seed) for seed in range(seeds)] for i, order in enumerate(orders)}
    for run in (run for found in made.values() for run in found):
        for name in without:
            del run.metrics[name]
    return made


def drawn(given, **options):
    with caught() as made:
        ro.plots.experiment_metrics_figure(given, **options)
    return made[-1]


def test_lines_are_means_and_bands_are_intervals():
    given = runs()
    figure, _ = drawn(given)
    assert len(figure.axes) == 4
    for ax, metric in zip(figure.axes, ("train loss", "test loss", "train accuracy", "test accuracy"), strict=True):
        scale = 100 if "accuracy" in metric else 1
        for line, band, order in zip(ax.lines, ax.collections, given, strict=True):
            values = scale * np.array([run.metrics[metric] for run in given[order]])
            assert line.get_ydata() == pytest.approx(values.mean(0)) and line.get_label() == order
            half = stats.t.ppf(0.975, SEEDS - 1) * values.std(0, ddof=1) / SEEDS**0.5
            corners = band.get_paths()[0].vertices
            for n, mean, width in zip(given[order][0].steps, values.mean(0), half, strict=True):
                here = corners[corners[:, 0] == n, 1]
                assert (here.min(), here.max()) == pytest.approx((mean - width, mean + width))


def test_a_row_has_one_scale_and_a_column_says_whose_examples():
    figure, _ = drawn(runs())
    top, bottom = figure.axes[:2], figure.axes[2:]
    for left, right in (top, bottom):
        assert left.get_ylim() == right.get_ylim() and right.get_ylabel() == ""
    assert [ax.get_title("left") for ax in top] == ["training examples", "test examples"]
    assert [ax.get_ylabel() for ax in (top[0], bottom[0])] == ["loss (nats)", "accuracy (%)"]


@pytest.mark.parametrize("without", [("train loss", "train accuracy"), ("train accuracy",)])
def test_results_without_training_metrics_are_drawn(without):
    figure, picture = drawn(runs(without=without))
    assert [ax.get_title("left") for ax in figure.axes][:1] == ["test examples"] and len(figure.axes) == 2
    assert "train" not in picture.alt and picture.png.startswith(b"\x89PNG")


def test_orders_of_which_one_lacks_training_metrics_are_drawn_alike():
    mixed = runs(("forward",)) | {"backward": runs(without=("train loss",))["backward"]}
    assert len(drawn(mixed)[0].axes) == 2


def test_one_seed_has_no_band():
    figure, picture = drawn(runs(seeds=1))
    assert all(not ax.collections and len(ax.lines) == 2 for ax in figure.axes)
    assert "means over 1 seed" in picture.alt and "nan" not in picture.alt


def test_the_message_and_the_words_have_the_numbers():
    given = runs()
    _, picture = drawn(given)
    for order, found in given.items():
        ends = np.array([run.metrics["test loss"][-1] for run in found])
        low, high = stats.t.interval(0.95, 4, ends.mean(), ends.std(ddof=1) / 5**0.5)
        assert f"{order} {ends.mean():.3g} ({low:.3g} to {high:.3g})" in picture.alt
        assert f"{order} {ends.mean():.3g}" in picture.alt.split("means over 5 seeds")[0]
    assert "Something else" in drawn(given, title="Something else")[1].alt


def test_every_order_is_drawn():
    figure, _ = drawn(runs(MORE_ORDERS))
    assert all(len(ax.lines) == len(ax.collections) == len(MORE_ORDERS) for ax in figure.axes)
