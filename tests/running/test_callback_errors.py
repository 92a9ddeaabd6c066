"""What `on_checkpoint` raises ends the run, with what was reached; what diverged is shown as such."""

from __future__ import annotations

import math
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from coins import ZERO, halfway
from family import same_bits
from watched import BITS, toss

import revorder as ro
from revorder.engines.audit import Disagreement
from revorder.engines.drawing import Drawn

ENGINES = ["replay", "wavefront", "affine", "auto"]
SLOPES = torch.tensor([0.5, 1e200, 1e200, 0.5, 1e-300, 0.5], dtype=torch.float64)


class Enough(Exception):
    pass


def failing(at, error):
    def fail(reached):
        if reached.step == at:
            raise error

    return fail


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    "error",
    [Enough("I have seen enough"), KeyError("x"), StopIteration(), ValueError("start: got 3"), TypeError(),
     Disagreement("not mine"), Drawn({"torch"}), ro.NotBatchableError("not mine"), ro.NotAffineError("not mine"),
     ro.CallbackError("of a run inside", step=1, trajectory=None)],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_any_exception_ends_the_run_and_is_its_cause(engine, error):
    """Also those that would have a meaning if the run itself had raised them."""
    with pytest.raises(
        ro.CallbackError, match=f"on_checkpoint: it failed at step 5 of forward: {type(error).__name__}"
    ) as caught:
        toss(engine=engine, on_checkpoint=failing(5, error))
    stopped = caught.value
    assert stopped.__cause__ is error and stopped.step == 5
    assert {1, 2, 5} <= set(stopped.trajectory.steps)
    for n in stopped.trajectory.steps:
        assert same_bits(stopped.trajectory.state(n), toss(engine=engine).state(n))
    again = pickle.loads(pickle.dumps(stopped))
    assert (str(again), again.step, again.trajectory.steps) == (str(stopped), 5, stopped.trajectory.steps)


def test_a_run_is_ended_early_on_purpose():
    """The update is not called any more."""
    calls = []

    def update(theta, bit):
        calls.append(bit)
        return halfway(theta, bit)

    def settled(reached):
        if abs(reached.metrics["θ"] - 0.6) < 0.05:
            raise Enough

    run = lambda **options: ro.run(update, ZERO, BITS, "forward", range(1, 10), engine="replay", progress=False,
                                   metrics={"θ": float}, **options)  # fmt: skip
    whole, whole_calls = run(), len(calls)
    calls.clear()
    with pytest.raises(ro.CallbackError) as caught:
        run(on_checkpoint=settled)
    reached = caught.value.trajectory
    assert 0 < len(reached.steps) < 9 and len(calls) == whole_calls - (9 - len(reached.steps))
    assert reached.frame().equals(whole.frame().iloc[: len(reached.steps)])


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_ctrl_c_inside_is_that_of_the_run(engine):
    with pytest.raises(ro.RunInterrupted) as caught:
        toss(engine=engine, on_checkpoint=failing(5, KeyboardInterrupt()))
    assert caught.value.trajectory.steps == [5, 2, 5, 1]


def test_a_run_inside_that_diverges_is_not_this_one():
    def diverging(reached):
        ro.run(lambda x, b: x * b, ZERO + 1, SLOPES, "forward", [3], progress=False)

    with pytest.raises(ro.CallbackError) as caught:
        toss(on_checkpoint=diverging)
    assert isinstance(caught.value.__cause__, ro.DivergedError) and caught.value.trajectory.steps == [1]


def scaled(order, seen, **options):
    options = {"on_diverge": "mark", "metrics": {"size": abs}} | options
    return ro.run(lambda x, b: x * b, ZERO + 1, SLOPES, order, range(1, 7), progress=False, on_checkpoint=seen.append,
                  **options)  # fmt: skip


@pytest.mark.parametrize("order", ["forward", "backward"])
@pytest.mark.parametrize("workers", [None, 3])
@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_what_diverged_is_shown_without_its_state(order, workers, engine):
    seen = []
    if workers:
        with ThreadPoolExecutor(workers) as executor:
            path = scaled(order, seen, engine=engine, executor=executor)
    else:
        path = scaled(order, seen, engine=engine)
    assert sorted(each.step for each in seen) == list(range(1, 7)) and 0 < len(path.diverged) < 6
    for each in seen:
        if each.step in path.diverged:
            assert each.state is None and math.isnan(each.metrics["size"])
        else:
            assert same_bits(each.state, path.state(each.step))


def test_what_diverges_last_is_not_shown_if_it_ends_the_run():
    seen = []
    with pytest.raises(ro.DivergedError):
        scaled("forward", seen, engine="replay", on_diverge="raise")
    assert [each.step for each in seen] == [1, 2]


def test_what_is_kept_although_it_diverged_is_shown():
    seen = []
    path = scaled("forward", seen, engine="replay", on_diverge="keep")
    assert [each.state.isfinite().item() for each in seen] == [n not in path.diverged for n in range(1, 7)]


def test_with_an_executor_parts_are_shown_here_as_they_come_back():
    """The function is not sent to the workers: it need not be picklable."""
    seen, lock = [], threading.Lock()

    def show(reached):
        with lock:
            seen.append(reached)

    with ThreadPoolExecutor(3) as executor:
        path = toss("backward", range(1, 10), executor=executor, on_checkpoint=show)
        assert [each.step for each in sorted(seen, key=lambda each: each.step)] == list(range(1, 10))
        assert all(same_bits(each.state, path.state(each.step)) for each in seen) and seen[-1].cost == path.cost
        with pytest.raises(ro.CallbackError) as caught:
            toss("backward", range(1, 10), executor=executor, on_checkpoint=failing(9, Enough()))
    assert isinstance(caught.value.__cause__, Enough) and 9 in caught.value.trajectory.steps


@pytest.mark.parametrize("engine, steps", [("wavefront", [3, 9]), ("replay", [9, 3]), ("affine", [3, 9])])
def test_many_seeds(engine, steps):
    """By steps where they are reached together, word by word under replay."""
    seen, bits = [], torch.stack([BITS, 1 - BITS, BITS])
    options = {"metrics": {"θ": lambda theta: theta}, "progress": False, "engine": engine}
    runs = ro.run_seeds(halfway, ZERO, bits, "backward", [9, 3], on_checkpoint=seen.append, **options)
    assert [each.step for each in seen] == steps and seen[-1].cost == runs.cost
    for each in seen:
        row = runs.steps.index(each.step)
        assert same_bits(each.state, runs.states[row]) and np.array_equal(each.metrics["θ"], runs.metrics["θ"][row])
    ro.run_seeds(halfway, ZERO, bits, "forward", [3], keep_states=False, on_checkpoint=seen.append, **options)
    assert seen[-1].state is None and seen[-1].metrics["θ"].shape == (3,)


def test_many_seeds_are_shown_once_each_whatever_auto_chooses():
    seen, bits = [], torch.stack([BITS, 1 - BITS, BITS])
    runs = ro.run_seeds(halfway, ZERO, bits, "backward", [9, 3], on_checkpoint=seen.append, progress=False)
    assert sorted(each.step for each in seen) == [3, 9] and seen[-1].cost == runs.cost


@pytest.mark.parametrize("error, kind", [(Enough(), ro.CallbackError), (KeyboardInterrupt(), ro.RunInterrupted)])
def test_errors_of_many_seeds_carry_them(error, kind):
    bits = torch.stack([BITS, 1 - BITS])
    options = {"metrics": {"θ": lambda theta: theta}, "progress": False}
    with pytest.raises(kind) as caught:
        ro.run_seeds(
            halfway, ZERO, bits, "forward", [1, 3, 9], on_checkpoint=failing(3, error), engine="replay", **options
        )
    reached = caught.value.trajectory
    assert isinstance(reached, ro.SeedRuns) and reached.steps == [1, 3] and reached.metrics["θ"].shape == (2, 2)
    assert reached.cost == 6 and len(reached.frame()) == 4


def test_divergence_of_many_seeds_carries_them():
    with pytest.raises(ro.DivergedError) as caught:
        ro.run_seeds(
            lambda x, b: x * b, ZERO + 1, SLOPES.repeat(2, 1), "forward", [1, 6], engine="replay", progress=False
        )
    assert isinstance(caught.value.trajectory, ro.SeedRuns) and caught.value.trajectory.states.tolist() == [[0.5, 0.5]]
