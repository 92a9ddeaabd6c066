"""Divergence: the error says where and carries what was finite; marked runs go on, and only what diverged is NaN."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from family import distance

import revorder as ro

SLOPES = torch.tensor([0.5, 1e200, 1e200, 0.5, 1e-300, 0.5], dtype=torch.float64)  # two large ones overflow together
START = torch.tensor(1.0, dtype=torch.float64)
STEPS = range(1, 7)
ENGINES = ["replay", "wavefront", ro.Wavefront(max_states=2), ro.Wavefront(merge_tol=1e-12)]


def scale(state, batch):
    return state * batch


def finite_steps(order):
    """By the definition, in plain Python."""
    states = {}
    for n in STEPS:
        value = 1.0
        for number in ro.order(order).word(n):
            value *= SLOPES[number].item()
        states[n] = value
    return {n: value for n, value in states.items() if np.isfinite(value)}


def run(order="forward", **options):
    options = {"metrics": {"size": lambda x: x.abs()}, "progress": False} | options
    return ro.run(scale, START, SLOPES, order, STEPS, **options)


@pytest.mark.parametrize("engine", ENGINES, ids=str)
@pytest.mark.parametrize("order", ["forward", "backward", "backward-blocks:2"])
def test_marked_checkpoints_are_nan_and_the_others_exact(order, engine):
    expected = finite_steps(order)
    assert 0 < len(expected) < len(STEPS)
    path = run(order, engine=engine, on_diverge="mark")
    assert path.steps == list(STEPS)
    assert path.diverged == [n for n in STEPS if n not in expected]
    for n in STEPS:
        assert path.state(n).item() == pytest.approx(expected.get(n, np.nan), rel=1e-12, nan_ok=True)
    frame = path.frame().set_index("step")["value"]
    assert frame.isna().to_list() == [n not in expected for n in STEPS]


def test_mixed_leaves_and_what_is_recorded():
    """Integers have no NaN; functions of the state never see a state that is not finite."""

    def checked(state):
        assert state["x"].isfinite()
        return {"x": state["x"], "count": state["count"]}

    def update(state, batch):
        return {"x": state["x"] * batch, "count": state["count"] + 1}

    start = {"x": START, "count": torch.tensor(0)}
    path = ro.run(update, start, SLOPES, "forward", STEPS, engine="replay", record=checked,
                  metrics={"x": lambda state: checked(state)["x"]}, progress=False, on_diverge="mark")  # fmt: skip
    assert path.diverged == [3, 4, 5, 6]
    assert path.states["count"].tolist() == [1, 2, 0, 0, 0, 0]


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_an_executor_marks_the_same(engine):
    alone = run("backward", engine=engine, on_diverge="mark")
    with ThreadPoolExecutor(3) as executor:
        shared = run("backward", engine=engine, on_diverge="mark", executor=executor)
    assert shared.diverged == alone.diverged
    assert torch.equal(shared.states.nan_to_num(7), alone.states.nan_to_num(7))


def test_keep_keeps_what_came_out():
    path = run("forward", on_diverge="keep")
    assert path.state(3).item() == float("inf")
    assert path.diverged == [3, 4, 5, 6]


def test_raise_carries_what_was_finite():
    with pytest.raises(ro.DivergedError) as caught:
        run("forward", engine="replay")
    error = caught.value
    assert (error.step, error.position, error.batch, error.order) == (3, 2, 2, ro.Forward())
    assert error.trajectory.steps == [1, 2]
    assert error.trajectory.diverged == []
    assert error.trajectory.state(2).item() == 0.5e200


@pytest.mark.parametrize("shared", [False, True])
def test_if_all_diverge_there_is_nothing_to_mark(shared):
    inf = torch.full((3,), 1e300, dtype=torch.float64)
    with pytest.raises(ro.DivergedError) as caught, ThreadPoolExecutor(2) as executor:
        ro.run(scale, START, inf, "forward", [2, 3], progress=False, on_diverge="mark",
               executor=executor if shared else None)  # fmt: skip
    assert caught.value.step == 2
    assert caught.value.trajectory is None


def test_seeds_that_diverge_leave_the_others_alone():
    calm = torch.full((6,), 0.5, dtype=torch.float64)
    both = torch.stack([SLOPES, calm])
    metrics = {"size": lambda x: x.abs(), "positive": lambda x: (x >= 0).double()}
    runs = ro.run_seeds(scale, START, both, "forward", STEPS, metrics=metrics, progress=False, on_diverge="mark")
    alone = ro.run_seeds(scale, START, calm[None], "forward", STEPS, metrics=metrics, progress=False)
    assert distance(runs.states[:, 1], alone.states[:, 0]) == 0
    for name in metrics:
        assert np.isnan(runs.metrics[name][:, 0]).tolist() == [n > 2 for n in STEPS]
        assert not np.isnan(runs.metrics[name][:, 1]).any()
    assert runs.frame()["value"].isna().sum() == 2 * 4
    with pytest.raises(ro.DivergedError):
        ro.run_seeds(scale, START, both, "forward", STEPS, progress=False)


def test_marked_runs_are_saved_with_their_marks(tmp_path):
    path = run("backward", on_diverge="mark")
    path.save(tmp_path / "path.safetensors")
    loaded = ro.Trajectory.load(tmp_path / "path.safetensors")
    assert loaded.diverged == path.diverged
    assert np.array_equal(loaded.metrics["size"], path.metrics["size"], equal_nan=True)


def test_bad_option():
    with pytest.raises(ValueError, match="on_diverge: got 'ignore', but it must be one of raise, mark, keep"):
        run(on_diverge="ignore")
