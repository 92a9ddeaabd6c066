from __future__ import annotations

import pytest
from every_picture import diverge

import revorder as ro


@pytest.fixture
def explorer():
    return ro.widgets.DigitsExplorer(steps=40, stride=10)


def test_every_control_trains_again(explorer):
    for control, value in [("lr", 0.3), ("batch_size", 16), ("order", "two-sided"), ("seed", 1)]:
        before, trained = explorer.image.value, explorer.trajectories
        getattr(explorer, control).value = value
        assert explorer.image.value != before, control
        assert explorer.trajectories is not trained
    assert [run.order for run in explorer.trajectories] == ["forward", "two-sided"]


def test_what_is_shown_is_what_the_library_computes(explorer):
    explorer.lr.value, explorer.seed.value = 0.2, 3
    problem = ro.problems.digits_mlp(0.2, 8, 40, seed=3)
    expected = problem.run("backward", range(10, 41, 10)).metrics["test loss"]
    assert explorer.trajectories[1].metrics["test loss"].tolist() == expected.tolist()
    assert explorer.picture.html == explorer.image.value
    assert "<img alt=" in explorer.image.value


def test_divergence_is_said_in_words_and_overcome(explorer, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(ro.problems.Problem, "run", diverge)
        explorer.lr.value = 0.9
        assert "Diverged:" in explorer.image.value
        assert explorer.trajectories == []
        assert explorer.picture is None
    explorer.lr.value = 0.1
    assert "<img alt=" in explorer.image.value


def test_while_it_trains_it_says_so_and_dims_the_old_picture(explorer, monkeypatch):
    seen = []
    train = ro.problems.Problem.run

    def watched(self, *args, **kwargs):
        seen.append((explorer.sign.value, explorer.image._dom_classes))
        return train(self, *args, **kwargs)

    monkeypatch.setattr(ro.problems.Problem, "run", watched)
    explorer.seed.value = 5
    assert len(seen) == 2
    for said, classes in seen:
        assert "Training both orders" in said and classes == ("revorder-busy",)
    assert explorer.sign.value == "" and explorer.image._dom_classes == ()


def test_it_comes_to_rest_after_an_error(explorer, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(ro.problems.Problem, "run", diverge)
        explorer.lr.value = 0.9
    assert explorer.sign.value == "" and explorer.image._dom_classes == ()


def test_whole_epochs_are_marked(explorer):
    explorer.batch_size.value = 32  # 43 batches an epoch, and none within 40 steps
    assert not dotted(explorer)
    figure = ro.widgets.DigitsExplorer(steps=100, stride=10)
    figure.batch_size.value = 32
    assert dotted(figure) == [43, 86]


def dotted(explorer):
    return [line.get_xdata()[0] for line in explorer.picture.axes[0].lines if line.get_linestyle() == ":"]
