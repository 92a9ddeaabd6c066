"""How engine="auto" predicts and chooses, with made-up timings: what it would say on a machine of known speed."""

from __future__ import annotations

import timeit
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from family import long

import revorder as ro
from revorder.engines import auto, stopwatch
from revorder.engines import kernels as kernels_
from revorder.engines.affine import Affine
from revorder.engines.kernels import Kernels
from revorder.engines.maps import Maps
from revorder.engines.replay import Replay
from revorder.engines.spanning import Spanning
from revorder.engines.stopwatch import shortest
from revorder.engines.wavefront import Wavefront

STEPS = 80  # backward: 3240 evaluations, enough for measuring


def case(name="MLP", order="backward", checkpoints=range(1, STEPS + 1)):
    """(maps, start, plan) of a run of the family."""
    made, plan = long(name, STEPS), ro.plan(order, checkpoints)
    return Maps(made.update, made.batches, plan, None), made.start, plan


@pytest.fixture
def priced(monkeypatch):
    """Sets what the engines are predicted to take, and whether compiling pays."""

    def set_(product=None, replay=1.0, wavefront=1.0, compiling_pays=False):
        monkeypatch.setattr(Spanning, "of_run", lambda *rest: None)  # perceptrons are not timed
        monkeypatch.setattr(Affine, "probe", lambda self, *rest: product)
        monkeypatch.setattr(auto, "predict", lambda engine, *rest: {Replay(): replay}[engine])
        monkeypatch.setattr(auto._Probe, "wavefront", lambda self: wavefront)
        monkeypatch.setattr(auto._Probe, "compiling_pays", lambda self: compiling_pays)

    return set_


def chosen(*run):
    return auto._Probe(*run).fastest()


WORK = "3240 evaluations in 80 batched calls"


def test_the_shortest_prediction_wins(priced):
    priced(replay=2.0, wavefront=3.0)
    assert chosen(*case()) == (Replay(), f"{WORK}; predicted from probe steps: replay 2 s, wavefront 3 s")
    priced(replay=3.25, wavefront=2.0)
    assert chosen(*case()) == (Wavefront(), f"{WORK}; predicted from probe steps: replay 3.2 s, wavefront 2 s")
    priced(product=0.01, replay=3.0, wavefront=2.0)  # 80 products
    said = f"{WORK}; predicted from probe steps: affine 0.8 s, replay 3 s, wavefront 2 s"
    assert chosen(*case()) == (auto.AffineElseWavefront(), said)
    priced(product=0.1, replay=9.0, wavefront=2.0)
    assert chosen(*case())[0] == Wavefront()


def test_what_is_affine_and_done_in_half_a_second_is_compared_with_nothing(priced):
    priced(product=0.499 / 80, replay=0.0, wavefront=0.0)
    assert chosen(*case()) == (auto.AffineElseWavefront(), "80 products, predicted from probe steps 0.5 s")
    priced(product=0.5 / 80, replay=0.0, wavefront=1.0)
    assert chosen(*case())[0] == Replay()


@pytest.mark.parametrize("seconds, pays, compiled", [(31, True, True), (30, True, False), (31, False, False)])
def test_compiling_is_for_what_takes_long_and_gains(priced, seconds, pays, compiled):
    """Compiling takes 20 s and makes a step three times faster, or so it is guessed: 30 s is where that is even."""
    priced(replay=99.0, wavefront=seconds, compiling_pays=pays)
    engine, why = chosen(*case())
    assert engine == Wavefront(compile=compiled)
    begins = f"{WORK}, compiled; predicted" if compiled else f"{WORK}; predicted"
    assert why == f"{begins} from probe steps: replay 99 s, wavefront {seconds} s"


def test_neither_replay_nor_what_is_random_is_compiled(priced):
    priced(replay=98.0, wavefront=99.0, compiling_pays=True)
    assert chosen(*case())[0] == Replay()
    priced(replay=99.0, wavefront=98.0, compiling_pays=True)
    assert chosen(*case("dropout"))[0] == Wavefront()


@pytest.mark.parametrize("order, checkpoints, engine, why", [
    ("forward", [9], Replay(), "no two states ever need the same batch"),
    ("backward", [1, 2, 3], Wavefront(), "6 evaluations in 3 batched calls"),
])  # fmt: skip
def test_short_runs_are_not_measured(order, checkpoints, engine, why, monkeypatch):
    monkeypatch.setattr(auto._Probe, "fastest", None)
    assert auto.Auto()._choose(*case(order=order, checkpoints=checkpoints)) == (engine, why)


def test_two_thousand_evaluations_are_measured(monkeypatch):
    monkeypatch.setattr(Spanning, "of_run", lambda *rest: None)
    monkeypatch.setattr(auto._Probe, "fastest", lambda self: ("measured", ""))
    assert auto.Auto()._choose(*case(order="forward", checkpoints=[2000]))[0] == "measured"
    assert auto.Auto()._choose(*case(order="forward", checkpoints=[1999]))[0] == Replay()
    maps, start, plan = case(checkpoints=range(1, 63))  # 1953 evaluations that share batches
    assert auto.Auto()._choose(maps, start, plan)[0] == Wavefront()


def test_what_is_recognised_is_not_measured(monkeypatch):
    monkeypatch.setattr(auto._Probe, "fastest", lambda self: pytest.fail("timed"))
    assert auto.Auto()._choose(*case()) == (Wavefront(), f"{WORK} of a perceptron, many batches at once")
    inputs = torch.randn(STEPS, 4, 3, dtype=torch.float64)
    batches = list(zip(inputs, inputs.sum(2, keepdim=True), strict=True))
    loss, params = ro.module_loss(torch.nn.Linear(3, 1).double(), torch.nn.functional.mse_loss)
    update, plan = ro.sgd(loss, 0.1), ro.plan("backward", range(1, STEPS + 1))
    engine, why = auto.Auto()._choose(Maps(update, batches, plan, None), update.init(params), plan)
    assert engine == auto.AffineElseWavefront() and "closed form" in why


def test_what_has_no_values_is_not_measured():
    maps, start, plan = case()
    on_meta = Maps(maps.update, [torch.empty(6, 64, device="meta")], plan, None)
    on_meta.batched = lambda *rest: None
    probe = auto._Probe.__new__(auto._Probe)
    on_meta.numbers = [0] * len(on_meta.numbers)
    probe.__init__(on_meta, {"w": torch.empty(3, device="meta")}, plan)
    assert not probe.can_measure
    assert auto._Probe(maps, start, plan).can_measure


def test_a_wavefront_takes_a_and_b_w_for_every_block(monkeypatch):
    """Blocks of the traced widths; a step of w lanes takes 3 + 2w seconds here."""
    run = case("plain tensor")
    probe = auto._Probe(*run)
    monkeypatch.setattr(kernels_, "LANE", 10**6)  # all widths are worth a trace
    monkeypatch.setattr(probe, "_step", lambda kernels, width: 3.0 + 2.0 * width)
    kernels = Kernels.of_run(run[0], False, *run[1:])
    expected = sum(blocks * (3.0 + 2.0 * width) for width, blocks in kernels.uses.items())
    assert len(kernels.uses) > 2
    assert probe.wavefront() == pytest.approx(expected)


def test_a_wavefront_of_one_width_and_one_that_gains_with_width(monkeypatch):
    monkeypatch.setattr(Spanning, "of_run", lambda *rest: None)
    two = auto._Probe(*case("MLP", "backward", [1, 2]))  # the hand-written step takes any width: one of 2, one of 1
    monkeypatch.setattr(two, "_step", lambda kernels, width: 3.0 + 2.0 * width)
    assert two.wavefront() == 5.0 + 7.0
    one = auto._Probe(*case("plain tensor", "forward", [5]))
    monkeypatch.setattr(one, "_step", lambda kernels, width: 7.0)
    assert one.wavefront() == 5 * 7.0
    probe = auto._Probe(*case("plain tensor"))
    monkeypatch.setattr(probe, "_step", lambda kernels, width: 9.0 - width / 100)  # noise: never less than narrow
    blocks = sum(probe._kernels(False).uses.values())
    narrow = min(probe._kernels(False).uses)
    assert probe.wavefront() == pytest.approx(blocks * (9.0 - narrow / 100))


def test_a_compiled_wavefront_is_cut_into_compiled_widths(monkeypatch):
    probe, seen = auto._Probe(*case("plain tensor")), []
    monkeypatch.setattr(kernels_, "LANE", 10**6)  # all widths are worth a trace
    monkeypatch.setattr(probe, "_step", lambda kernels, width: seen.append((kernels.compiled, width)) or 1.0)
    probe.wavefront(compiled=True)
    probe.wavefront()
    assert seen == [(True, 32), (True, 32), (False, 1), (False, 80)]


@pytest.mark.parametrize("plain, compiled, pays", [(80.0, 31.9, True), (80.0, 32.0, False), (80.0, 33.0, False)])
def test_compiling_pays_if_a_state_takes_less(monkeypatch, plain, compiled, pays):
    """80 lanes traced, or 32 compiled: both are priced by the lane."""
    probe = auto._Probe(*case("plain tensor"))
    took = {(False, 80): plain, (True, 32): compiled}
    monkeypatch.setattr(probe, "_step", lambda kernels, width: took[kernels.compiled, width])
    assert probe.compiling_pays() is pays


@pytest.fixture
def timed(monkeypatch):
    """Steps that are timed: each takes a quarter of a second, and is carried out once. Remembers the stacks."""
    stacks = []

    def seconds(call, states):
        assert states is not None
        stacks.append(states)
        call()
        return 0.25

    monkeypatch.setattr(auto, "seconds_of", seconds)
    return stacks


@pytest.mark.parametrize("name, kernel", [("MLP", True), ("dropout", False)])
def test_a_step_is_timed_on_copies_with_the_kernel_that_the_run_would_use(monkeypatch, timed, name, kernel):
    run = case(name)
    probe = auto._Probe(*run)
    used, plain = [], []
    get, stacked = Kernels.get, run[0].stacked
    monkeypatch.setattr(run[0], "stacked", lambda *all_: plain.append(1) or stacked(*all_))
    monkeypatch.setattr(Kernels, "get", lambda *all_: used.append(get(*all_)) or used[-1])
    assert probe._step(probe._kernels(False), 5) == 0.25
    assert [each is not None for each in used] == [True] * kernel
    assert plain == ([] if kernel else [1])  # the hand-written step, or the step that is timed
    leaves = torch.utils._pytree.tree_leaves
    assert all(len(leaf) == 5 for leaf in leaves(timed[0]))
    before = leaves(case(name)[1])
    assert all(torch.equal(old, new) for old, new in zip(before, leaves(run[1]), strict=True))
    moved = any(not torch.equal(leaf[0], old) for leaf, old in zip(leaves(timed[0]), before, strict=True))
    assert moved is kernel  # kernels work in place, on the copies


def test_the_kernel_that_is_timed_is_the_one_of_the_run(timed, monkeypatch):
    """It is looked up by the layouts of one state and of the batch, as a sweep does it."""
    maps, start, plan = case("MLP")
    monkeypatch.setattr(Spanning, "of_run", lambda *rest: None)
    probe, keys = auto._Probe(maps, start, plan), []
    get = Kernels.get
    monkeypatch.setattr(
        Kernels, "get", lambda self, letter, lanes, structure, batch, kind: keys.append((letter, structure, kind))
        or get(self, letter, lanes, structure, batch, kind)
    )  # fmt: skip
    probe._step(probe._kernels(False), 8)
    list(Wavefront().states(maps, start, plan.only(np.array([30])), lambda n: None))
    assert len(keys) > 2 and all(key[1:] == keys[0][1:] for key in keys)
    assert keys[0][0] == int(plan.letters[plan.words[0][0]])


def test_predictions(timed):
    run = case("plain tensor")
    assert auto.predict(Replay(), *run) == 3240 / 4
    assert len(timed) == 1
    gathered, batch = [], run[0].batch
    run[0].batch = lambda letter: gathered.append(letter) or batch(letter)
    maps, start, plan = run
    blocks = sum(Kernels.of_run(maps, False, start, plan).uses.values())
    assert auto.predict(Wavefront(), *run) == pytest.approx((80 + blocks) / 4)  # for batches and for steps
    assert len(gathered) == 2  # one is timed; one is the probe's own
    compiled = sum(Kernels.of_run(maps, True, start, plan).uses.values())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Kernels, "get", lambda *rest: None)
        assert auto.predict(Wavefront(compile=True), *run) == pytest.approx((80 + compiled) / 4)


@pytest.mark.parametrize("device, waits", [("cuda", 1), ("cpu", 0)])
def test_a_call_lasts_until_the_device_is_done(monkeypatch, device, waits):
    done, told = [], []
    monkeypatch.setattr(torch.cuda, "synchronize", lambda where: told.append(where.type))
    monkeypatch.setattr(stopwatch, "shortest", lambda call: call() or 5.0)
    place = SimpleNamespace(device=SimpleNamespace(type=device))
    assert stopwatch.seconds_of(lambda: done.append(1), place) == 5.0
    assert done == [1] and told == ["cuda"] * waits


def test_the_shortest_of_three_after_one_to_warm_up(monkeypatch):
    calls = []
    assert shortest(lambda: calls.append(1)) >= 0
    assert len(calls) == 4
    monkeypatch.setattr(timeit, "repeat", lambda call, number, repeat: [0.1, 2.0, 3.0, 4.0])
    assert shortest(lambda: None) == 2.0


def test_auto_notes_what_it_chose_and_why(priced):
    priced(replay=2.0, wavefront=3.0)
    maps, start, plan = case()
    assert auto.Auto().resolve(maps, start, plan) == Replay()
    assert maps.notes == [f"replay: {WORK}; predicted from probe steps: replay 2 s, wavefront 3 s"]
    maps.replay_only = True
    assert auto.Auto()._choose(maps, start, plan) == (Replay(), "this update handles one state at a time")


def test_what_does_not_batch_is_replayed():
    maps, start, plan = case("plain tensor")
    maps.update = lambda x, b: x - 0.1 if x > 0 else x
    engine, why = auto.Auto()._choose(maps, start, plan)
    assert engine == Replay() and why.startswith("the update does not run under torch.vmap: ")


@pytest.mark.parametrize("d, took", [(4, 1.0), (200, 32.0 * 200 / 64)])
def test_a_product_of_affine_maps_is_timed(monkeypatch, d, took):
    """Small states: 32 matrices in one call, of which one is a 32nd. Large ones: 64 rows of d, priced by the row."""
    from revorder.engines import affine

    timed, tried = [], []
    monkeypatch.setattr(affine, "shortest", lambda call: timed.append(call()) or 32.0)
    plan = ro.plan("backward", range(1, 41))
    maps = Maps(lambda x, b: x - 0.1 * (x - b), torch.rand(40, d).double(), plan, None)
    apply = maps.apply
    monkeypatch.setattr(maps, "apply", lambda letter, *rest: tried.append(letter) or apply(letter, *rest))
    assert Affine().probe(maps, torch.zeros(d).double(), plan) == pytest.approx(took)
    first = int(np.unique(plan.suffixes.letter[1:])[0])
    if d == 4:
        assert [len(pairs) for pairs in timed] == [32]
    else:
        assert timed[0][0].shape == (64, d) and timed[0][0].dtype == torch.float64
    assert set(tried) == {first}


def test_what_is_not_affine_has_no_price():
    maps, start, plan = case("plain tensor")
    assert Affine().probe(maps, start, plan) is None
    assert Affine().probe(maps, torch.tensor(1), plan) is None
