"""A memory that is full ends the run as that, wherever an engine could take the failure for something else."""

from __future__ import annotations

import errno
import pickle
from concurrent.futures import Executor, Future

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, mse_loss

import revorder as ro
from revorder.engines import auto, kernels, windows
from revorder.engines.affine import Affine
from revorder.engines.linear import Linear, Vectors
from revorder.engines.maps import Maps
from revorder.engines.memory import ran_out
from revorder.engines.slopes import Bent, slopes_of
from revorder.engines.wavefront import Wavefront
from revorder.running import packing

N = 64  # backward: 2080 evaluations, which "auto" measures
FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
OTHER = RuntimeError("no such operation")
BATCHED, TRACKED = torch._C._functorch.is_batchedtensor, torch._C._functorch.is_gradtrackingtensor
TOO_LITTLE = "there is too little memory"


def halve(x, b):
    return x - 0.5 * (x - b)


def differentiated(error):
    """An affine update that fails where an engine differentiates it."""

    def update(x, b):
        if TRACKED(x):
            raise error
        return halve(x, b)

    return update


def scalar(update=halve):
    random = torch.Generator().manual_seed(0)
    return update, torch.ones(3, dtype=torch.float64), torch.rand(N, 3, generator=random, dtype=torch.float64)


def made(case, order="backward", steps=range(1, N + 1), **options):
    return ro.run(*case, order, steps, progress=False, **options)


def parts(case, steps=range(1, N + 1)):
    """(maps, start, plan) of a run, to ask an engine directly."""
    update, start, batches = case
    plan = ro.plan("backward", steps)
    return Maps(update, batches, plan, None), start, plan


def of_model(model, criterion, targets):
    loss, params = ro.module_loss(model, criterion)
    update = ro.sgd(loss, 0.1)
    return update, update.init(params), [(torch.rand(6, 12), targets) for _ in range(N)]


def linear(criterion):
    return of_model(torch.nn.Linear(12, 1), criterion, torch.rand(6, 1))


@pytest.fixture
def perceptron():
    return of_model(ro.models.mlp(12, 8, 3), cross_entropy, torch.tensor([0, 1, 2, 0, 1, 2]))


def assert_full(caught, argument, cause=FULL):
    """That it is said in words, once, with what to do, and from what it came."""
    error = caught.value
    assert type(error) is MemoryError and str(error).startswith(f"{argument}: ")
    assert str(error).count(TOO_LITTLE) == 1
    while error is not cause:
        error = error.__cause__
    assert error is cause


# the affine engine


@pytest.mark.parametrize("engine", ["affine", "auto"])
def test_what_is_too_large_to_differentiate(engine):
    """The same failure without full memory is no reason to stop: "auto" takes another engine."""
    with pytest.raises(MemoryError, match="memory is too small to differentiate it .*or 'replay'") as caught:
        made(scalar(differentiated(FULL)), engine=engine)
    assert_full(caught, "update")
    if engine == "auto":
        assert "affine" not in made(scalar(differentiated(OTHER)), engine=engine).engine
    else:
        with pytest.raises(ValueError, match="torch cannot differentiate it"):
            made(scalar(differentiated(OTHER)), engine=engine)


def test_a_probe_tells_full_memory_from_a_map_that_is_not_affine():
    with pytest.raises(MemoryError):
        Affine().probe(*parts(scalar(differentiated(FULL))))
    assert Affine().probe(*parts(scalar(differentiated(OTHER)))) is None
    assert Affine().probe(*parts(scalar(lambda x, b: x.square() - b))) is None


def test_all_matrices_in_one_call_are_too_large_one_by_one_they_fit():
    """The same engine in smaller calls is no other engine."""

    def update(x, b):
        if BATCHED(b):
            raise FULL
        return halve(x, b)

    found = made(scalar(update), engine="affine")
    assert torch.allclose(found.states, made(scalar(), engine="replay").states) and "; then" not in found.engine


def test_a_late_map_that_is_too_large_to_differentiate():
    maps, start, plan = parts(scalar())
    found = Linear(maps, Vectors(start), start, int(plan.letters[0]))
    maps.update = differentiated(MemoryError())
    with pytest.raises(MemoryError, match=rf"batch 5, but memory is too small(?s:.*){TOO_LITTLE}"):
        found.one(5, torch.eye(3, dtype=torch.float64))


# the slopes of a criterion


def batched(error):
    """The square loss, which fails on several batches at once."""

    def criterion(outputs, targets):
        if BATCHED(outputs):
            raise error
        return (outputs - targets).square().mean()

    return criterion


@pytest.mark.parametrize("engine", ["affine", "auto"])
def test_slopes_for_which_there_is_no_room_are_not_bent(engine):
    with pytest.raises(MemoryError) as caught:
        made(linear(batched(FULL)), engine=engine)
    assert_full(caught, "checkpoints, engine")
    assert "slopes of the square loss" not in made(linear(batched(OTHER)), engine=engine).engine
    assert "slopes of the square loss" in made(linear(mse_loss), engine=engine).engine


def test_slopes_tell_full_memory_from_what_torch_cannot_do():
    outputs, targets = torch.rand(2, 1, 6, 1), torch.rand(2, 6, 1)
    with pytest.raises(torch.OutOfMemoryError):
        slopes_of(batched(FULL), outputs, targets)
    with pytest.raises(Bent):
        slopes_of(batched(OTHER), outputs, targets)


# spans of a perceptron


def failing(monkeypatch, *made_of):
    """Lets the calls of the hand-written step do these: an error is raised, "wrong" does nothing, and so do later ones.

    Without any left, they do what they should.
    """
    left, right = list(made_of), windows.Windows.advance

    def advance(self, leaves, inputs, targets, begins):
        what = left.pop(0) if left else "right"
        if isinstance(what, Exception):
            raise what
        if what == "right":
            right(self, leaves, inputs, targets, begins)

    monkeypatch.setattr(windows.Windows, "advance", advance)


BY_TORCH = Wavefront(fast=False)


@pytest.mark.parametrize("first", [(), ("wrong",)], ids=["at once", "nearby"])
def test_a_span_for_which_there_is_no_room_is_not_wrong(monkeypatch, perceptron, first):
    failing(monkeypatch, *first, FULL)
    with pytest.raises(MemoryError) as caught:
        made(perceptron, engine=BY_TORCH)
    assert_full(caught, "checkpoints, engine")


@pytest.mark.parametrize("first", [(), ("wrong",)], ids=["at once", "nearby"])
def test_a_span_that_fails_otherwise_is_left_out(monkeypatch, perceptron, first):
    failing(monkeypatch, *first, OTHER)
    assert "was not the plain step, and is left out" in made(perceptron, engine=BY_TORCH).engine


@pytest.mark.parametrize("number", [1, 2])
def test_a_later_span_for_which_there_is_no_room(monkeypatch, perceptron, number):
    failing(monkeypatch, *["right"] * number, FULL)
    with pytest.raises(MemoryError) as caught:
        made(perceptron, engine=BY_TORCH)
    assert_full(caught, "checkpoints, engine")


def test_a_span_that_is_timed(monkeypatch, perceptron):
    failing(monkeypatch, FULL)
    with pytest.raises(Exception) as caught:
        auto.predict(BY_TORCH, *parts(perceptron))
    assert ran_out(caught.value)
    failing(monkeypatch, OTHER)
    assert auto.predict(BY_TORCH, *parts(perceptron)) > 0


# the plain steps of the audit


class Copied:
    """An update whose copies fail."""

    def __init__(self, error, fails=False):
        self.error, self.fails = error, fails

    def __deepcopy__(self, memo):
        return Copied(self.error, fails=True)

    def __call__(self, x, b):
        if self.fails:
            raise self.error
        return halve(x, b)


ENGINES = ["replay", "wavefront", "affine", "auto"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("error, kind", [
    (KeyError("handle"), ValueError), (TypeError("no handle"), TypeError), (OSError("closed"), ValueError),
])  # fmt: skip
def test_an_update_that_fails_in_a_copy_only(engine, error, kind):
    with pytest.raises(kind, match=r"^update: it failed on batch \d+, .* that of a copy of it") as caught:
        made(scalar(Copied(error)), engine=engine)
    assert caught.value.__cause__ is error
    assert "__deepcopy__" in str(caught.value) and "the state was tensor (3,) float64" in str(caught.value)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_copy_for_which_there_is_no_room(engine):
    with pytest.raises(MemoryError, match="that of a copy of it") as caught:
        made(scalar(Copied(FULL)), engine=engine)
    assert_full(caught, "update")
    assert "__deepcopy__" not in str(caught.value)


def broken_after(calls, error):
    """An update that fails after so many calls; copies share the count, as what is on disk is shared."""

    class Update:
        made = 0

        def __deepcopy__(self, memo):
            return self

        def __call__(self, x, b):
            Update.made += 1
            if Update.made > calls:
                raise error
            return halve(x, b)

    return Update()


@pytest.mark.parametrize("calls", range(8))
def test_whichever_call_of_an_update_fails_it_is_named(calls):
    """Those that the checks make, too."""
    for engine in ("replay", "wavefront"):
        with pytest.raises(ValueError, match=r"^update: it failed on batch"):
            made(scalar(broken_after(calls, ZeroDivisionError("x"))), engine=engine)


# workers and seeds


class Here(Executor):
    """An executor of two workers that does the work when it is submitted, or fails to take it."""

    _max_workers = 2

    def __init__(self, error=None):
        self.error = error

    def submit(self, function, *args):
        if self.error is not None:
            raise self.error
        future = Future()
        future.set_result(function(*args))
        return future


@pytest.mark.parametrize("error", [
    OSError(errno.ENOMEM, "Cannot allocate memory"), MemoryError(), RuntimeError("std::bad_alloc"),
])  # fmt: skip
def test_an_executor_that_has_no_room_for_its_workers_is_not_closed(error):
    with pytest.raises(MemoryError) as caught:
        made(scalar(), engine="replay", executor=Here(error))
    assert_full(caught, "checkpoints, engine", error)
    assert "takes no work" not in str(caught.value)
    with pytest.raises(RuntimeError, match="executor: it takes no work"):
        made(scalar(), engine="replay", executor=Here(OTHER))


class Large:
    """An update that cannot be made into bytes."""

    def __init__(self, error):
        self.error = error

    def __getstate__(self):
        raise self.error

    def __deepcopy__(self, memo):
        return self

    def __call__(self, x, b):
        return halve(x, b)


@pytest.mark.parametrize(
    "error", [MemoryError(), FULL, np._core._exceptions._ArrayMemoryError((2**40,), np.dtype("f8"))]
)
def test_what_is_too_large_to_be_sent_can_be_pickled(monkeypatch, error):
    monkeypatch.setattr(packing, "pickler", pickle)
    with pytest.raises(MemoryError, match="made into bytes") as caught:
        made(scalar(Large(error)), engine="replay", executor=Here())
    assert_full(caught, "executor", error)
    with pytest.raises(TypeError, match="update: got .*cannot be sent"):
        made(scalar(Large(OTHER)), engine="replay", executor=Here())


def test_a_metric_of_all_seeds_for_which_there_is_no_room():
    def metric(state):
        raise FULL

    bits = torch.rand(2, 9, dtype=torch.float64)
    with pytest.raises(MemoryError) as caught:
        ro.run_seeds(halve, torch.zeros((), dtype=torch.float64), bits, "forward", [3], metrics={"θ": metric},
                     progress=False)  # fmt: skip
    assert_full(caught, "metrics['θ']")
    assert "write it with torch operations" not in str(caught.value)


@pytest.mark.parametrize("where", ["while it is traced", "when it runs"])
def test_full_memory_of_a_kernel_is_no_reason_for_the_step_without_it(where, monkeypatch):
    def full(*given, **options):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    model = torch.nn.Sequential(torch.nn.Conv1d(3, 4, 3), torch.nn.Flatten(), torch.nn.Linear(32, 3))
    loss, params = ro.module_loss(model, torch.nn.functional.cross_entropy, seed=0)
    update = ro.sgd(loss, 0.1)
    batches = [(torch.randn(2, 3, 10), torch.tensor([0, 2])) for _ in range(300)]
    if where == "when it runs":
        monkeypatch.setattr(kernels.Kernels, "_make", lambda *given: full)
    else:
        monkeypatch.setattr(kernels, "make_fx", lambda *given, **options: full)
    with pytest.raises(MemoryError):
        ro.run(update, update.init(params), batches, "backward", [100, 200, 300], engine="wavefront", progress=False)
