"""Figures of laws, perfect draws, the chaos game and plans: what their alt texts say, against scipy and enumeration."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from coins import ZERO, draws, halfway
from scipy import stats

import revorder as ro
from revorder.plots.chaos import clouds_figure, corner_weights, nested_triangles
from revorder.plots.laws import GOLDEN, law_kind, rate_name
from revorder.plots.perfect import averaging_figure, coupling_figure, ks_distances, perfect_figure
from revorder.plots.plans import _columns, _lanes

TRIANGLE = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 1.0]])


def test_names_of_laws_and_rates():
    assert [rate_name(lr) for lr in (0.2, 0.5, 2 / 3, 1.0)] == ["0.2", "1/2", "2/3", "1"]
    assert rate_name(GOLDEN) == "0.382 (c = 1/φ)" and pytest.approx(2 / (1 + 5**0.5)) == 1 - GOLDEN
    assert [law_kind(lr) for lr in (0.3, 0.5, 0.6, 2 / 3)] == [
        "overlapping pieces", "the uniform law", "a Cantor-like law", "the Cantor law",
    ]  # fmt: skip


def test_two_spreads_figure_says_both_and_which_is_which():
    metrics = {"state": lambda theta: theta}
    tosses = torch.from_numpy(np.random.default_rng(0).integers(2, size=(2, 60, 20))).double()
    orders = ("forward", "backward")
    seeds = [ro.run_seeds(halfway, ZERO, x, o, [20], metrics=metrics, progress=False)
             for o, x in zip(orders, tosses, strict=True)]  # fmt: skip
    paths = [ro.run(halfway, ZERO, tosses[0, 0], o, range(1, 21), metrics=metrics, progress=False) for o in orders]
    alt = ro.plots.two_spreads_figure(seeds, paths, "state", last=10, title="Message").alt
    over = [runs.metrics["state"][0].std(ddof=1) for runs in seeds]
    along = [path.metrics["state"][-10:].std() for path in paths]
    test = stats.ks_2samp(*(runs.metrics["state"][0] for runs in seeds))
    assert f"spread over seeds forward {over[0]:.2g}, backward {over[1]:.2g}" in alt
    assert f"spread along the path forward {along[0]:.2g}, backward {along[1]:.2g}" in alt
    assert f"KS distance {test.statistic:.2g} with p-value {test.pvalue:.2g}" in alt
    assert alt.startswith("Message. Left, state at step 20") and "last 10 checkpoints" in alt


def test_ks_distances_by_hand_and_by_scipy():
    assert ks_distances([0.5, 0.25], 0.5, [1, 2]) == pytest.approx([0.5, 0.5])
    sample = draws(0.5, 0, 100, 1e-9).numpy()
    by_scipy = [stats.kstest(sample[:n], "uniform").statistic for n in (7, 50, 100)]
    assert ks_distances(sample, 0.5, [7, 50, 100]) == pytest.approx(by_scipy)
    shallow = draws(0.5, 0, 2000, 0.1).numpy()  # with ties
    assert ks_distances(shallow, 0.5, [2000]) == pytest.approx([stats.kstest(shallow, "uniform").statistic])


def test_figures_of_perfect_draws_say_what_they_show():
    samples = {30: draws(0.5, 0, 100, 1e-9).numpy(), 4: draws(0.5, 0, 100, 0.1).numpy()}
    distance = {depth: ks_distances(sample, 0.5, [100])[0] for depth, sample in samples.items()}
    assert f"depth 30: {distance[30]:.3f}, depth 4: {distance[4]:.3f}." in perfect_figure(samples, 0.5).alt
    runs = {1: [[0, 1], [0.5, 1]], 3: [[0, 1], [0, 0.5], [0.5, 0.75], [0.25, 0.375]]}
    assert "0.250 to 0.375 for n = 3" in coupling_figure(runs, shown=(3,)).alt
    curves = {"backward": ([1, 100], [0.2, 0.21], [0.2, 0.2]), "mean": ([1, 100], [0.2, 0.01], [0.2, 0.012])}
    alt = averaging_figure(curves, title="One stays").alt
    assert "One stays" in alt and "mean from 0.2 at 1 to 0.01 at 100" in alt


def test_weights_are_those_of_the_corners():
    weights = np.random.default_rng(0).dirichlet([1, 1, 1], size=50)
    assert np.allclose(corner_weights(weights @ TRIANGLE, TRIANGLE), weights, rtol=0, atol=1e-14)
    skewed = np.array([[0.1, 0.3], [0.2, 0.9], [0.8, 0.4]])
    assert np.allclose(corner_weights(weights @ skewed, skewed), weights, rtol=0, atol=1e-14)


@pytest.mark.parametrize("lr", [0.3, 0.5, 0.8])
def test_nested_triangles_hold_the_backward_path(lr):
    game = ro.live.ChaosGame(lr=lr)
    triangles, states = nested_triangles(TRIANGLE, game.tosses[:6], lr), game.states()
    assert np.array_equal(triangles[0], TRIANGLE)
    for depth, triangle in enumerate(triangles):
        assert (corner_weights(states["backward"][depth:], triangle) > -1e-12).all()
        assert not (corner_weights(states["forward"][depth:], triangle) > -1e-12).all() or depth == 0


def test_clouds_say_how_many_points_and_whether_the_middle_is_empty():
    clouds = {"two": [[0.0, 0.0], [1.0, 0.0]], "hole": [[0.5, 0.375]]}
    picture = clouds_figure(clouds, TRIANGLE, title="The message", backward=["hole"])
    assert picture.alt == (
        "Scatter plots within a triangle, the second coordinate of θ against the first. The message. "
        "two: 2 points, none of them in the middle quarter of the "
        "triangle; hole: 1 point, 1 of them in the middle quarter of the triangle."
    )
    assert picture.png != clouds_figure(clouds, TRIANGLE, title="The message").png  # the colour of backward


def test_chaos_figure_refuses_paths_that_do_not_fit():
    with pytest.raises(ValueError, match="got 3 and 2 states and 5 tosses"):
        ro.plots.chaos_figure(np.zeros((3, 2)), np.zeros((2, 2)), TRIANGLE, [0] * 5)
    with pytest.raises(ValueError, match="and 1 tosses"):
        ro.plots.chaos_figure(np.zeros((3, 2)), np.zeros((3, 2)), TRIANGLE, [0])


def test_one_small_move_does_not_make_a_path_look_settled():
    """Two-sided, every second batch is applied first and moves next to nothing; the others jitter for ever."""
    die = np.random.default_rng(0).integers(3, size=202)
    tossed, start = torch.from_numpy(TRIANGLE[die]), torch.tensor([0.5, 0.375], dtype=torch.float64)
    states = {
        order: ro.run(halfway, start, tossed, order, range(1, 201), progress=False).states.numpy()
        for order in ("forward", "backward", "two-sided")
    }
    moves = np.linalg.norm(np.diff(states["two-sided"], axis=0), axis=1)
    assert moves[-1] < 1e-15 < 0.1 < moves[-5:].max()
    for order, settled in (("backward", True), ("two-sided", False)):
        alt = ro.plots.chaos_figure(states["forward"], states[order], TRIANGLE, die).alt
        assert ("backward below 1e-15" in alt) is settled
    assert f"backward {moves[-5:].max():.2g}." in alt


def test_a_toss_of_the_corner_that_backward_starts_from_moves_nothing():
    path = np.array([[0.0, 0.0], [0.5, 0.0], [0.5, 0.0]])
    for seen, said in ((path, "Largest of the last 2 moves: forward 0.5, backward 0.5"),
                       (path[:2], "First move: forward 0.5, backward 0.5")):  # fmt: skip
        assert f"{said}." in ro.plots.chaos_figure(seen, seen, TRIANGLE, [1, 0]).alt


@pytest.mark.parametrize("spec", ["forward", "backward", "backward-window:2", "two-sided", "shuffled:3"])
def test_edges_of_the_picture_meet_no_node_and_no_other_edge(spec):
    plan = ro.plan(spec, range(1, 9))
    lane, tick, parent = _lanes(plan.trie), _columns(plan), plan.trie.parent
    assert len(set(zip(lane, tick, strict=True))) == plan.cost + 1
    for node in range(1, plan.cost + 1):
        on_my_lane = (lane == lane[node]) & (tick > tick[parent[node]]) & (tick < tick[node])
        assert not on_my_lane.any()
        # the vertical part of my edge stands right of my parent's tick, and passes the lanes in between
        passed = (parent != parent[node]) & (lane > lane[parent[node]]) & (lane < lane[node])
        assert not (passed & (tick[parent] <= tick[parent[node]]) & (tick > tick[parent[node]])).any()


def test_figures_of_plans_refuse_what_cannot_be_drawn():
    with pytest.raises(ValueError, match="61 nodes"):
        ro.plots.plan_figure(ro.plan("backward", [61]))
    with pytest.raises(ValueError, match="33 ticks"):
        ro.plots.plan_figure(ro.plan("forward", [33]))
    with pytest.raises(ValueError, match="plans: got none"):
        ro.plots.cost_figure({})


def test_figures_of_plans_say_what_they_show():
    plans = {"a": ro.plan("forward", range(1, 8)), "b": ro.plan("backward", range(1, 8))}
    assert "a 28 and 7; b 28 and 28" in ro.plots.cost_figure(plans).alt
    alt = ro.plots.plan_figure(ro.plan("backward", range(1, 5), labels=[0, 1, 0, 1])).alt
    assert "n = 3, 0 1 0" in alt and "Batches of the calls: 1 0 1 0" in alt
