"""Every mistake gets a message that names the argument, what it got and how to mend it."""

from __future__ import annotations

import family
import numpy as np
import pytest
import torch
from family import CASES, distance, images, plain, same_bits

import revorder as ro

ENGINES = ["replay", "wavefront", "auto"]


def run(case, *, order="backward", checkpoints=(3, 5), **options):
    return family.run(case, order, checkpoints, **options)


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"checkpoints": []}, ValueError, "checkpoints: got none.*at least one step count"),
        ({"checkpoints": [0]}, ValueError, "checkpoints: got 0.*>= 1"),
        ({"checkpoints": [3, -1]}, ValueError, "checkpoints: got -1.*>= 1"),
        ({"checkpoints": [10]}, ValueError, "step 10 of backward asks for batch 9.*0 to 8.*9 batches"),
        ({"checkpoints": [2.5]}, TypeError, "checkpoints: got 2.5"),
        ({"order": "bakward"}, ValueError, "order: got 'bakward'.*did you mean 'backward'"),
        ({"order": 7}, TypeError, "order: got 7"),
        ({"engine": "wavfront"}, ValueError, "engine: got 'wavfront'.*did you mean 'wavefront'"),
        ({"engine": ro.Replay}, TypeError, r"engine: got .*such as Replay\(\)"),
        ({"engine": 3}, TypeError, "engine: got 3"),
        ({"labels": [0]}, ValueError, "labels: got 1 labels, but there are 9 batches"),
        ({"labels": [None] * 9}, TypeError, "labels: got None"),
        ({"record": 3}, TypeError, "record: got 3"),
        ({"metrics": [abs]}, TypeError, "metrics: got"),
        ({"metrics": {"a": 3}}, TypeError, "metrics: got"),
        ({"metrics": {"a": lambda x: x.repeat(2)}}, ValueError, r"metrics\['a'\]: got shape \(2,\)"),
    ],
)
def test_arguments(changes, error, says):
    with pytest.raises(error, match=says):
        run(plain(), **changes)


@pytest.mark.parametrize(
    ("start", "error", "says"),
    [
        (1.0, TypeError, "start: got 1.0.*torch.as_tensor"),
        (np.zeros(2), TypeError, "start: got array"),
        ({"a": torch.zeros(2), "b": None}, TypeError, r"start\['b'\]: got None"),
        (torch.tensor([float("nan")]), ValueError, "start: holds infinite or NaN"),
        ([torch.zeros(1), torch.tensor(float("inf"))], ValueError, r"start\[1\]: holds infinite"),
    ],
)
def test_starts(start, error, says):
    case = plain()
    case.start = start
    with pytest.raises(error, match=says):
        run(case)


def test_batches_need_a_length():
    case = plain()
    case.batches = (batch for batch in case.batches)
    with pytest.raises(TypeError, match="batches: got .*__len__"):
        run(case)


@pytest.mark.parametrize("engine", ["replay", "wavefront", "auto"])
def test_integer_start(engine):
    case = plain()
    case.start = torch.tensor(2)
    with pytest.raises(ValueError, match=r"start.*int64.*float64.*dtypes must stay"):
        run(case, engine=engine)


@pytest.mark.parametrize("update", [3, lambda x: x, lambda a, b, c: a, lambda a, b, *, other: a])
def test_functions_that_are_no_updates(update):
    case = plain()
    case.update = update
    with pytest.raises(TypeError, match=r"update: .*update\(state, batch|update: .*\(state, batch\)"):
        run(case)


@pytest.mark.parametrize("engine", ENGINES)
def test_mismatched_shapes_that_fail(engine):
    case = CASES["MLP"]()
    inputs, targets = case.batches.data
    case.batches = ro.batches.Minibatches((inputs[..., :5], targets), case.batches.index)
    with pytest.raises(ValueError, match=r"update: it failed on batch 4.*\n.*params.*1.weight.*\(12, 64\).*\n.*shapes"):
        run(case, engine=engine, checkpoints=[5])


@pytest.mark.parametrize("engine", ENGINES)
def test_mismatched_shapes_that_broadcast(engine):
    case = plain()
    case.batches = torch.rand(9, 3, dtype=torch.float64)
    with pytest.raises(ValueError, match=r"turned the state tensor \(\) float64 into tensor \(3,\) float64"):
        run(case, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_updates_that_lose_a_part_of_the_state(engine):
    case = plain()
    case.start = {"a": case.start, "b": case.start}
    case.update = lambda state, batch: {"a": state["a"]}
    with pytest.raises(ValueError, match="structure, shapes and dtypes must stay"):
        run(case, engine=engine)


def in_place_on_state(x, b):
    return x.sub_(0.1 * (x - b))


def in_place_on_data(x, b):
    x.data -= 0.1 * (x.data - b)
    return x + 0


def in_place_on_batch(x, b):
    b *= 0.5
    return x - 0.1 * (x - b)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("update", "what"), [(in_place_on_state, "state"), (in_place_on_data, "state"), (in_place_on_batch, "batch")]
)
def test_updates_that_mutate_their_input(update, what, engine):
    case = plain()
    case.update = update
    start, batches = case.start.clone(), case.batches.clone()
    with pytest.raises(ValueError, match=f"update: it changed its input {what} in place; return new tensors"):
        run(case, engine=engine)
    assert torch.equal(case.start, start)
    if what == "state":
        assert torch.equal(case.batches, batches)


def test_an_update_that_cannot_be_batched_names_replay():
    case = plain()
    case.update = lambda x, b: x * 0.5 if x.item() > 0 else x
    with pytest.raises(TypeError, match=r"torch.vmap.*use engine='replay'"):
        run(case, engine="wavefront")
    assert run(case, engine="replay").steps == [3, 5]


def test_torch_update_refuses_the_wavefront():
    update = ro.torch_update(ro.models.mlp(64, 10).double(), torch.nn.functional.cross_entropy, torch.optim.SGD)
    with pytest.raises(TypeError, match="one state at a time; use engine='replay'"):
        ro.run(update, update.init(), images(), "backward", [2], engine="wavefront", progress=False)


def test_unsorted_and_repeated_checkpoints_come_back_as_asked():
    case = plain()
    asked = run(case, checkpoints=[5, 1, 5, 3])
    assert asked.steps == [5, 1, 5, 3]
    assert same_bits(asked.states, torch.stack([run(case, checkpoints=[n]).states[0] for n in (5, 1, 5, 3)]))
    assert asked.cost == 9


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("order", ["forward", "backward", "shuffled"])
def test_nan_in_the_data(engine, order):
    case = plain()
    case.batches[4] = float("nan")
    with pytest.raises(
        ro.DivergedError, match="batches: batch 4 itself holds infinite or NaN numbers; clean"
    ) as caught:
        run(case, order=order, checkpoints=[7, 3, 2], engine=engine)
    error = caught.value
    assert error.step == 7
    assert error.batch == 4
    assert error.order.word(7)[error.position] == 4


@pytest.mark.parametrize("engine", ENGINES)
def test_divergence_carries_what_was_computed(engine):
    case = plain()
    case.update = lambda x, b: x - 0.9 * (x - b) ** 3
    case.start = torch.tensor(10.0, dtype=torch.float64)
    with pytest.raises(ro.DivergedError, match="lower the learning rate") as caught:
        run(case, order="forward", checkpoints=[9, 1, 2, 6, 7], engine=engine)
    error = caught.value
    state = case.start
    for position in range(error.position + 1):
        assert torch.isfinite(state)
        state = case.update(state, case.batches[position])
    assert not torch.isfinite(state)
    assert error.batch == error.position
    assert error.step == min(n for n in (6, 7, 9) if n > error.position)
    finite = error.trajectory
    assert finite.steps == [n for n in (9, 1, 2, 6, 7) if n <= error.position]
    assert finite.state(2) == case.update(case.update(case.start, case.batches[0]), case.batches[1])


def test_divergence_before_any_checkpoint():
    case = plain()
    case.update = lambda x, b: x / 0
    with pytest.raises(ro.DivergedError) as caught:
        run(case)
    assert caught.value.trajectory is None
    assert caught.value.position == 0


def test_start_and_batches_are_left_alone():
    for name in CASES:
        case = CASES[name]()
        before = torch.utils._pytree.tree_map(torch.clone, case.start)
        for engine in ENGINES:
            run(case, engine=engine)
        assert distance(before, case.start) == 0


def test_progress_bar_counts_evaluations(capfd, monkeypatch):
    import revorder.running.collecting

    seen = []

    class Bar(revorder.running.collecting.tqdm):
        def __init__(self, *args, **options):
            super().__init__(*args, **options | {"delay": 0, "mininterval": 0})
            seen.append(self)

    monkeypatch.setattr(revorder.running.collecting, "tqdm", Bar)
    case = plain()
    for engine in ENGINES:
        ro.run(case.update, case.start, case.batches, "backward", [3, 5], engine=engine)
        assert seen[-1].n == seen[-1].total == ro.plan("backward", [3, 5]).cost
    assert "T" in capfd.readouterr().err
    ro.run(case.update, case.start, case.batches, "backward", [3, 5], progress=False)
    assert capfd.readouterr() == ("", "")
