"""The ChaosGame widget, driven by setting its controls, and its figures; no browser needed."""

import re

import numpy as np
import pytest
import torch

import revorder as ro
from revorder.plots.chaos import clouds_figure, corner_weights, nested_triangles
from revorder.widgets.chaos import CORNERS, MOST_STEPS, STARTS, ChaosGame

TRIANGLE = CORNERS.numpy()


def literally(game, numbers):
    """The state after these batches, first applied first: the definition, in numpy."""
    theta = np.array(STARTS[game.start.value])
    for number in numbers:
        theta = theta - game.lr.value * (theta - TRIANGLE[game.tosses[number]])
    return theta


@pytest.mark.parametrize("lr, seed, start", [(0.5, 0, "in the middle"), (0.2, 3, "corner 0"), (0.8, 7, "outside")])
def test_states_follow_the_definition(lr, seed, start):
    game = ChaosGame()
    game.lr.value, game.seed.value, game.start.value = lr, seed, start
    expected = torch.randint(3, (MOST_STEPS,), generator=torch.Generator().manual_seed(seed))
    assert game.tosses.tolist() == expected.tolist()
    assert game.forward.shape == game.backward.shape == (MOST_STEPS + 1, 2)
    for n in (0, 1, 2, 5, 60):
        assert np.allclose(game.forward[n], literally(game, range(n)), rtol=0, atol=1e-13)
        assert np.allclose(game.backward[n], literally(game, range(n - 1, -1, -1)), rtol=0, atol=1e-13)
    assert not np.allclose(game.forward[5], game.backward[5])


def test_default_is_the_static_figure():
    game = ChaosGame()
    assert game.figure.value == game.picture.html
    drawn = ro.plots.chaos_figure(game.forward[:201], game.backward[:201], TRIANGLE, game.tosses)
    assert game.picture.html == drawn.html


def test_alt_text_and_numbers_are_those_of_the_step():
    game = ChaosGame()
    game.n.value = 7
    x, y = literally(game, range(6, -1, -1))
    assert f"the newest at ({x:.3f}, {y:.3f}). Around it, 6 nested sub-triangles" in game.picture.alt
    moves = [np.linalg.norm(path[7] - path[6]) for path in (game.forward, game.backward)]
    assert f"Last move: forward {moves[0]:.2g}, backward {moves[1]:.2g}." in game.picture.alt
    letters = [str(toss) for toss in game.tosses[:7]]
    assert re.findall("<code>(.*?)</code>", game.summary.value) == [" ".join(letters[::-1]), " ".join(letters)]
    bound = 0.5**7 / 0.5 * 0.5 * max(np.linalg.norm(TRIANGLE - STARTS["in the middle"], axis=1))
    assert f"at most {bound:.2g}." in game.summary.value
    assert np.linalg.norm(game.backward[-1] - game.backward[7]) <= bound


def test_step_0_and_few_steps():
    game = ChaosGame(n=0)
    assert "both orders stand at the start" in game.picture.alt and "nested" not in game.picture.alt
    assert "<code>" not in game.summary.value
    game.n.value = 2
    assert "Around it, 2 nested" in game.picture.alt
    game.n.value = 9
    assert game.summary.value.count(" …</code>") == 2  # eight letters of nine


def test_another_step_runs_nothing_again():
    game = ChaosGame()
    paths = game.forward, game.backward
    game.n.value = 12
    assert paths[0] is game.forward and paths[1] is game.backward


@pytest.mark.parametrize("lr, said", [(0.5, "1.585"), (0.75, "0.792"), (0.45, "at most 1.838"), (0.4, "at most 2.000"),
                                      (0.3, "attractor is the triangle, of dimension 2")])  # fmt: skip
def test_dimension(lr, said):
    assert said in ChaosGame(lr=lr).summary.value


def test_controls_are_bounded():
    game = ChaosGame()
    game.n.value, game.lr.value, game.seed.value = 10**6, 7.0, -3
    assert (game.n.value, game.lr.value, game.seed.value) == (MOST_STEPS, 0.9, 0)


def test_weights_are_those_of_the_corners():
    weights = np.random.default_rng(0).dirichlet([1, 1, 1], size=50)
    assert np.allclose(corner_weights(weights @ TRIANGLE, TRIANGLE), weights, rtol=0, atol=1e-14)
    skewed = np.array([[0.1, 0.3], [0.2, 0.9], [0.8, 0.4]])
    assert np.allclose(corner_weights(weights @ skewed, skewed), weights, rtol=0, atol=1e-14)


@pytest.mark.parametrize("lr", [0.3, 0.5, 0.8])
def test_nested_triangles_hold_the_backward_path(lr):
    game = ChaosGame(lr=lr)
    triangles = nested_triangles(TRIANGLE, game.tosses[:6], lr)
    assert np.array_equal(triangles[0], TRIANGLE)
    for depth, triangle in enumerate(triangles):
        assert (corner_weights(game.backward[depth:], triangle) > -1e-12).all()
        assert not (corner_weights(game.forward[depth:], triangle) > -1e-12).all() or depth == 0


def test_clouds_say_how_many_points_and_whether_the_middle_is_empty():
    clouds = {"two": [[0.0, 0.0], [1.0, 0.0]], "hole": [[0.5, 0.375]]}
    picture = clouds_figure(clouds, TRIANGLE, title="The message", backward=["hole"])
    assert picture.alt == (
        "Scatter plots within a triangle, the second coordinate of θ against the first. The message. "
        "two: 2 points, none of them in the middle quarter of the "
        "triangle; hole: 1 point, 1 of them in the middle quarter of the triangle."
    )
    assert picture.png != clouds_figure(clouds, TRIANGLE, title="The message").png  # the colour of backward


def test_figure_refuses_paths_that_do_not_fit():
    with pytest.raises(ValueError, match="got 3 and 2 states and 5 tosses"):
        ro.plots.chaos_figure(np.zeros((3, 2)), np.zeros((2, 2)), TRIANGLE, [0] * 5)
    with pytest.raises(ValueError, match="and 1 tosses"):
        ro.plots.chaos_figure(np.zeros((3, 2)), np.zeros((3, 2)), TRIANGLE, [0])
