"""The ChaosGame widget, driven by setting its controls; no browser needed."""

import re

import numpy as np
import pytest
import torch

import revorder as ro
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
