"""A run on the workers of an executor is the run on one process: same states, same errors, parts of equal cost."""

from __future__ import annotations

import math
import pickle
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import combinations
from multiprocessing import get_context

import family
import numpy as np
import pytest
import torch
from conftest import missing
from family import CASES, CHECKPOINTS, ORDERS, STEPS, Case, beginnings, distance, jitter, network, plain, same_bits
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.running import collecting, packing, parallel

CYCLIC = [i % 4 for i in range(STEPS)]
SENT = [name for name in CASES if name != "plain tensor"]  # their updates are made of what a module defines


def cube(x, b):
    return x - 0.3 * (x - b) ** 3


def fail(x, b):
    raise ZeroDivisionError("what the worker said")


def rmsprop(parameters):
    return torch.optim.RMSprop(parameters, lr=0.01)


def double(state):
    return 2 * state


class Single:
    """Step n is batch n - 1 alone, so that a batch spoils one checkpoint and no other."""

    def word(self, n):
        return (n - 1,)


def run(case: Case, order, **options) -> ro.Trajectory:
    return family.run(case, order, **{"engine": "replay"} | options)


def of_module_functions() -> Case:
    case = plain()
    case.update = cube
    return case


@pytest.fixture(scope="module")
def pool():
    """Spawned, since a fork after torch has started its threads may hang."""
    threads = {"initializer": torch.set_num_threads, "initargs": (torch.get_num_threads(),)}
    with ProcessPoolExecutor(2, mp_context=get_context("spawn"), **threads) as made:
        yield made


@pytest.fixture(scope="module")
def cluster():
    try:
        from dask.distributed import Client, LocalCluster
    except ImportError:
        missing("dask.distributed (the extra `cluster`)")
    local = LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None)
    with local, Client(local) as client:
        client.run(torch.set_num_threads, torch.get_num_threads())
        yield client


@pytest.fixture
def no_cloudpickle(monkeypatch):
    monkeypatch.setattr(packing, "pickler", pickle)


# how a plan is cut


@pytest.mark.parametrize("order", ORDERS, ids=str)
@given(
    st.lists(st.integers(1, 24), min_size=1, max_size=9),
    st.one_of(st.none(), st.lists(st.integers(0, 2), min_size=24, max_size=24)),
    st.integers(1, 6),
)
def test_parts_are_balanced_and_nothing_is_lost(order, checkpoints, labels, count):
    plan = ro.plan(order, checkpoints, labels)
    parts = parallel.split(plan, count)
    assert sorted(np.concatenate([rows for rows, _ in parts])) == list(range(len(checkpoints)))
    assert 1 <= len(parts) <= count
    assert [cost for _, cost in parts] == [plan.only(rows).cost for rows, _ in parts]
    largest = max(cost for _, cost in parts)
    assert largest <= plan.cost / count + max(map(len, plan.words))
    assert largest == cheapest_largest_part(plan, count)


def cheapest_largest_part(plan, count):
    """By trying every way to cut the words, sorted as in a dictionary, into `count` pieces."""
    words = sorted({tuple(plan.letters[word].tolist()) for word in plan.words})
    cuts = combinations(range(1, len(words)), min(count, len(words)) - 1)
    return min(max(len(beginnings(piece)) for piece in pieces(words, cut)) for cut in cuts)


def pieces(words, cut):
    return [words[first:last] for first, last in zip((0, *cut), (*cut, len(words)), strict=True)]


def test_checkpoints_that_share_everything_stay_together():
    assert len(parallel.split(ro.plan("forward", range(1, 50)), 4)) == 1
    assert [len(rows) for rows, _ in parallel.split(ro.plan(Single(), [1, 2] * 8), 4)] == [8, 8]


def test_backward_is_shared_almost_equally():
    costs = [cost for _, cost in parallel.split(ro.plan("backward", range(1, 401)), 4)]
    assert len(costs) == 4
    assert max(costs) < 1.02 * min(costs)


# the same run


@pytest.mark.parametrize("order", ["backward", "backward-window:3", ro.Shuffled(seed=5)], ids=str)
@pytest.mark.parametrize("name", SENT)
def test_processes_compute_the_same(pool, no_cloudpickle, order, name):
    case = CASES[name]()
    if name == "augmentation":  # of functions that pickle by name
        case.update = ro.augmented(case.update.update, jitter, seed=6)
    for options in ({}, {"labels": CYCLIC}):
        if options:
            case.batches = [case.batches[i] for i in CYCLIC]
        alone, shared = run(case, order, **options), run(case, order, **options, executor=pool)
        assert same_bits(alone.states, shared.states)
        assert shared.steps == CHECKPOINTS
        assert shared.engine.startswith("replay: as asked; in ")
        batched = run(case, order, **options, engine="wavefront", executor=pool)
        assert distance(batched.states, alone.states) <= 1e-12


def test_masks_belong_to_labels_in_every_part(pool):
    """The comparison above can fail: with other labels, all different too, dropout draws other masks."""
    case = CASES["dropout"]()
    renamed = run(case, "backward", labels=[f"batch {i}" for i in range(STEPS)], executor=pool)
    assert distance(renamed.states, run(case, "backward", executor=pool).states) > 1e-9


def test_dask_workers_compute_the_same(cluster):
    for name in ("plain tensor", "MLP", "dropout", "CNN with BatchNorm"):  # a lambda too: dask brings cloudpickle
        case = CASES[name]()
        shared = run(case, "backward", executor=cluster.get_executor())
        assert same_bits(run(case, "backward").states, shared.states)
        assert "; in 2 parts; checked " in shared.engine  # other threads of a worker may draw, and a part be made again
    batched = run(case, "two-sided", engine="wavefront", executor=cluster.get_executor())
    assert distance(batched.states, run(case, "two-sided").states) <= 1e-12
    with pytest.raises(TypeError, match=r"executor: got <Client.*use its get_executor\(\)"):
        run(case, "backward", executor=cluster)


def test_the_same_run_gives_dask_new_tasks():
    """Dask names a task by its arguments, and would not start one again whose namesake was cancelled."""
    first, again = Here(), Here()
    for executor in (first, again):
        run(plain(), "backward", executor=executor)
    assert not {arguments[0] for arguments in first.given} & {arguments[0] for arguments in again.given}


def test_any_torch_optimizer(pool, no_cloudpickle):
    model = ro.models.mlp(64, 12, 10).double()
    update = ro.torch_update(model, cross_entropy, rmsprop)
    case = Case(update, update.init(), network(model).batches)
    alone, shared = (run(case, "backward", record=update.params, executor=where) for where in (None, pool))
    assert same_bits(alone.states, shared.states)


def test_cost_record_and_metrics(pool, no_cloudpickle):
    case = of_module_functions()
    options = {"record": double, "metrics": {"square": torch.square, "value": float}}
    alone, shared = (run(case, "backward", executor=where, **options) for where in (None, pool))
    assert same_bits(alone.states, shared.states)
    assert shared.frame().equals(alone.frame())
    assert shared.cost == alone.cost == ro.plan("backward", CHECKPOINTS).cost
    plan = ro.plan("backward-window:3", CHECKPOINTS)
    made = run(case, "backward-window:3", executor=pool)
    assert made.cost == sum(cost for _, cost in parallel.split(plan, 2)) > plan.cost  # a shared prefix, computed twice


def test_auto_falls_back_to_replay_in_the_workers(pool):
    """In a run whose parts share so many batches that the wavefront would pay in each of them."""
    case, every = plain(), {"checkpoints": range(1, 61)}
    case.batches = torch.rand(60, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    assert "; in 2 parts" in (paid := run(case, "backward", engine="auto", executor=pool, **every).engine)
    assert "wavefront" in paid and "replay" not in paid
    case.update = lambda x, b: x - 0.3 * (x - b) if float(x) > 1 else x + 0.1 * b
    made = run(case, "backward", engine="auto", executor=pool, **every)
    assert "replay: the update does not run under torch.vmap" in made.engine  # each part chooses for itself
    assert "wavefront" not in made.engine
    assert made.engine.rpartition("; checked ")[0].endswith("; in 2 parts")
    assert same_bits(made.states, run(case, "backward", **every).states)


# threads


class Shared:
    """A batch that threads would see each other use."""

    inside = 0

    def __getitem__(self, number):
        Shared.inside += 1
        time.sleep(0.002)
        assert Shared.inside == 1
        Shared.inside -= 1
        return torch.tensor(number / STEPS, dtype=torch.float64)

    def __len__(self):
        return STEPS


def test_threads_take_turns():
    case = Case(cube, plain().start, Shared())
    with ThreadPoolExecutor(3) as pool:
        assert same_bits(run(case, "backward", executor=pool).states, run(case, "backward").states)
        dropout = CASES["dropout"]()
        assert same_bits(run(dropout, "backward", executor=pool).states, run(dropout, "backward").states)


# what goes wrong


class Here(Executor):
    """Three workers; work is done when it is submitted, except what is left pending."""

    _max_workers = 3

    def __init__(self, pending=(), error=None):
        self.futures, self.given, self.pending, self.error = [], [], pending, error

    def submit(self, function, *args):
        future = Future()
        self.futures.append(future)
        self.given.append(args)
        if len(self.futures) - 1 in self.pending:
            return future
        try:
            future.set_result(function(*args)) if self.error is None else future.set_exception(self.error)
        except Exception as error:
            future.set_exception(error)
        return future


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_the_earliest_divergence_and_all_that_was_computed(engine):
    case = of_module_functions()
    case.batches[[4, 7]] = math.inf
    asked = [8, 3, 9, 5, 2, 6, 2, 1, 4, 7]  # in three parts: 1 to 3, 4 to 6, 7 to 9
    with pytest.raises(ro.DivergedError, match=r"step 5 of .* batch 4 itself holds infinite") as caught:
        run(case, Single(), checkpoints=asked, engine=engine, executor=Here())
    error = caught.value
    assert (error.step, error.position, error.batch) == (5, 0, 4)
    reached = error.trajectory.steps
    assert {1, 2, 3} <= set(reached) <= set(asked) - {5, 8}
    assert reached == [n for n in asked if n in reached]
    assert same_bits(error.trajectory.states, cube(case.start, case.batches[torch.tensor(reached) - 1]))
    assert error.trajectory.engine.rpartition("; checked ")[0].endswith("in 3 parts")


def test_divergence_in_a_process(pool, no_cloudpickle):
    case = of_module_functions()
    case.batches[:] = math.inf
    with pytest.raises(ro.DivergedError, match="the state at step . of backward is not finite since batch") as caught:
        run(case, "backward", executor=pool)
    assert caught.value.trajectory is None


def test_diverged_errors_can_be_pickled():
    with pytest.raises(ro.DivergedError) as caught:
        run(Case(cube, torch.tensor(2.0), torch.tensor([1.0, 1.0, math.nan])), "forward", checkpoints=[1, 3])
    made = pickle.loads(pickle.dumps(caught.value))
    assert str(made) == str(caught.value)
    assert (made.step, made.position, made.batch, made.order) == (3, 2, 2, ro.Forward())
    assert same_bits(made.trajectory.states, caught.value.trajectory.states)


def test_what_a_worker_raises_comes_back(pool, no_cloudpickle):
    case = Case(fail, plain().start, plain().batches)
    with pytest.raises(ValueError, match="^update: it failed on batch .*: ZeroDivisionError: what the worker said"):
        run(case, "backward", executor=pool)


@pytest.mark.parametrize("error", [OSError("a worker is gone"), KeyboardInterrupt()])
def test_pending_parts_are_cancelled(error):
    executor = Here(pending=(0, 2), error=error)
    with pytest.raises(type(error)) as caught:
        run(plain(), "backward", executor=executor)
    assert caught.value is error or (isinstance(error, KeyboardInterrupt) and caught.value.trajectory is None)
    assert [future.cancelled() for future in executor.futures] == [True, False, True]


def test_lambdas_need_cloudpickle(pool, monkeypatch):
    case = plain()
    assert same_bits(run(case, "backward", executor=pool).states, run(case, "backward").states)
    monkeypatch.setattr(packing, "pickler", pickle)
    says = r"update: got <function .*lambda.*process pool.*pickled.*module.*install cloudpickle.*dask.*accepts lambdas"
    with pytest.raises(TypeError, match=says):
        run(case, "backward", executor=pool)
    with pytest.raises(TypeError, match="record: got <function"):
        run(of_module_functions(), "backward", executor=pool, record=lambda state: state)


@pytest.mark.parametrize("executor", [2, ProcessPoolExecutor])
def test_executors_that_are_none(executor):
    with pytest.raises(TypeError, match="executor: got .* must be a concurrent.futures.Executor"):
        run(plain(), "backward", executor=executor)


# the rest


def test_progress_advances_as_parts_finish(monkeypatch):
    bars = []

    class Bar(collecting.tqdm):
        def __init__(self, **options):
            bars.append(self)
            self.seen, self.goal, self.shown = [], options["total"], not options["disable"]
            super().__init__(disable=True)

        def update(self, n=1):
            self.seen.append(n)

    monkeypatch.setattr(collecting, "tqdm", Bar)
    case = plain()
    case.batches = case.batches[torch.tensor(CYCLIC)]
    run(case, "backward", executor=Here(), progress=True, labels=CYCLIC)
    plan = ro.plan("backward", CHECKPOINTS, CYCLIC)
    costs = [cost for _, cost in parallel.split(plan, 3)]
    (shown,) = [bar for bar in bars if bar.shown]
    assert sorted(shown.seen) == sorted(costs)
    assert shown.goal == sum(costs)


def test_one_part_for_each_worker():
    with ThreadPoolExecutor(3) as threads:
        assert parallel.size(threads) == 3
    assert parallel.size(Executor()) >= 1


def test_slices_of_one_tensor_travel_once():
    data = torch.rand(1000, 10)
    slices = list(data.split(10))
    packed = packing.pack(slices)
    assert len(packed) < 2 * data.nbytes
    assert same_bits(packing.unpack(packed), slices)
