"""The wavefront engine's fast paths: traced and compiled kernels, bounded memory, merging, and the automatic choice."""

from __future__ import annotations

import gc
import re
import weakref

import family
import pytest
import torch
from family import CASES, distance, long, network, same_bits
from hypothesis import given
from hypothesis import strategies as st
from nights import nightly

import revorder as ro
from revorder.engines import coalescence, kernels, memory
from revorder.engines.kernels import Kernels
from revorder.engines.spanning import Spanning

STEPS = 160
NETWORKS = ["MLP", "CNN with BatchNorm", "momentum", "Adam"]


def run(case, engine, order="backward", checkpoints=range(40, STEPS + 1, 8), **options):
    return family.run(case, order, checkpoints, engine=engine, **options)


@pytest.fixture
def made(monkeypatch):
    """The widths of the kernels that are made."""
    widths, make = [], Kernels._make

    def counted(self, letter, lanes, *rest):
        kernel = make(self, letter, lanes, *rest)
        widths.append(len(lanes[0]) if kernel is not None else None)
        return kernel

    monkeypatch.setattr(Kernels, "_make", counted)
    monkeypatch.setattr(kernels, "WORTH_TRACING", 4)
    monkeypatch.setattr(Spanning, "of_run", lambda *rest: None)  # tick by tick, perceptrons too
    return widths


@pytest.mark.parametrize("name", ["plain tensor", *NETWORKS])
@pytest.mark.parametrize("order", ["forward", "backward", "two-sided", "backward-window:20"])
def test_traced_kernels_change_nothing(name, order, made):
    case = long(name, STEPS)
    assert distance(run(case, "wavefront", order).states, run(case, "replay", order).states) <= 1e-12
    assert made
    assert None not in made


@pytest.mark.parametrize("name", ["plain tensor", "MLP", *nightly("Adam")])
def test_compiled_kernels_change_nothing_but_rounding(name, made, compiler):
    case = long(name, STEPS)
    compiled = run(case, ro.Wavefront(compile=True), checkpoints=range(4, STEPS + 1, 4))
    assert distance(compiled.states, run(case, "replay", checkpoints=range(4, STEPS + 1, 4)).states) <= 1e-12
    assert made == [32] if name != "MLP" else len(made) == 1  # one width, compiled once, however the stack grows
    two_sided = run(case, ro.Wavefront(compile=True), "two-sided")
    assert distance(two_sided.states, run(case, "replay", "two-sided").states) <= 1e-12


def test_kernels_of_a_module_loss_are_kept_for_the_next_run(made):
    case = long("MLP", STEPS)
    first = run(case, "wavefront")
    count = len(made)
    assert count > 0
    assert same_bits(first.states, run(case, "wavefront").states)
    assert len(made) == count


def test_kept_kernels_are_those_of_the_same_options(made):
    case = long("MLP", STEPS)
    loss = case.update.loss
    for update in (ro.sgd(loss, 0.1), ro.sgd(loss, 0.05), ro.sgd(loss, 0.05, momentum=0.9), ro.adam(loss, 0.05)):
        case.update, case.start = update, update.init(ro.module_loss(loss.model, loss.criterion)[1])
        assert distance(run(case, "wavefront").states, run(case, "replay").states) <= 1e-12


@pytest.mark.parametrize("name", ["MLP", "momentum"])
def test_kept_kernels_go_with_their_loss(name, made):
    case = long(name, STEPS)
    run(case, "wavefront")
    assert made
    loss = weakref.ref(case.update.loss)
    del case
    gc.collect()
    assert loss() is None


def test_kernels_of_a_function_are_not_kept(made):
    """It may read what has changed since."""
    case, rate = long("plain tensor", STEPS), 0.3
    case.update = lambda x, b: x - rate * (x - b)
    for rate in (0.3, 0.1):  # noqa: B007 (the update reads it)
        assert distance(run(case, "wavefront").states, run(case, "replay").states) <= 1e-12


def test_a_branch_on_the_batch_is_not_baked_in(made):
    """Under torch.vmap an update may look at the batch, which all states share; a trace must not freeze that."""
    case = long("plain tensor", STEPS)
    case.update = lambda x, b: x - 0.3 * (x - b) if b > 0.5 else x + 0.1 * (b - x)
    wavefront = run(case, "wavefront")
    assert distance(wavefront.states, run(case, "replay").states) <= 1e-12
    assert "not traced" in wavefront.engine


def test_batches_that_are_no_tensors_or_change_their_shape(made):
    case = long("plain tensor", STEPS)
    case.update = lambda x, b: x - 0.3 * (x - b)
    case.batches = case.batches.tolist()
    assert distance(run(case, "wavefront").states, run(case, "replay").states) <= 1e-12
    case.update = lambda x, b: x - 0.3 * (x - b.mean())
    case.batches = [torch.rand(1 + i % 3, dtype=torch.float64) for i in range(STEPS)]
    assert distance(run(case, "wavefront").states, run(case, "replay").states) <= 1e-12


@pytest.mark.parametrize("activation", [torch.nn.ReLU, torch.nn.Tanh])
@pytest.mark.parametrize("sizes", [(64, 10), (64, 12, 10), (64, 12, 9, 10)])
def test_the_hand_written_step_is_the_same_step(sizes, activation, made):
    case = network(ro.models.mlp(*sizes, activation=activation))
    case.batches = ro.batches.Minibatches(case.batches.data, ro.batches.iid(48, 6, STEPS, seed=3))
    case.batches.data[1][:5] = -100  # what cross-entropy ignores
    assert kernels.fused_step(case.update) is not None
    assert distance(run(case, "wavefront").states, run(case, "replay").states) <= 1e-12
    assert len(made) == 1 and None not in made


def test_the_hand_written_step_has_every_activation_in_its_place(made):
    layers = [torch.nn.Flatten(), torch.nn.Linear(64, 8), torch.nn.ReLU(), torch.nn.Linear(8, 8), torch.nn.Tanh()]
    case = network(torch.nn.Sequential(*layers, torch.nn.Linear(8, 10)))
    case.batches = ro.batches.Minibatches(case.batches.data, ro.batches.iid(48, 6, STEPS, seed=3))
    assert distance(run(case, "wavefront").states, run(case, "replay").states) <= 1e-12
    assert len(made) == 1 and None not in made


def test_the_hand_written_step_does_not_overflow():
    """Logits of a thousand, one of another state of less: softmax takes the largest of each state and example away."""
    model = ro.models.mlp(64, 10)
    fused = kernels.fused_step(ro.sgd(ro.module_loss(model.double(), torch.nn.functional.cross_entropy)[0], 0.1))
    step = fused.step
    weight = torch.stack([1000 * torch.eye(10, 64), torch.eye(10, 64)]).double()
    inputs = torch.eye(64, dtype=torch.float64)[:3]
    inputs[2] *= -5
    leaves = [weight, torch.zeros(2, 10, dtype=torch.float64)]
    step(*leaves, inputs, torch.tensor([1, 1, 5]))
    alone = [torch.eye(10, 64).double()[None], torch.zeros(1, 10, dtype=torch.float64)]
    step(*alone, inputs, torch.tensor([1, 1, 5]))
    assert all(leaf.isfinite().all() for leaf in leaves)
    assert torch.allclose(leaves[0][1], alone[0][0]) and torch.allclose(leaves[1][1], alone[1][0])


@pytest.mark.parametrize("name", ["dropout", "augmentation"])
def test_what_is_random_is_never_traced(name, made):
    case = long(name, STEPS)
    compiled = run(case, ro.Wavefront(compile=True))
    assert distance(compiled.states, run(case, "replay").states) <= 1e-12
    assert made == []
    assert "not compiled: what is random" in compiled.engine


@given(st.integers(1, 400), st.integers(1, 700), st.booleans())
def test_blocks_cover_the_stack(most, count, compiled):
    class Maps:
        update = lambda x, b: x  # noqa: E731

    blocks = Kernels(Maps, compiled, most, {}).blocks(min(count, most))
    assert sum(blocks) >= min(count, most)
    assert sum(blocks[:-1]) < min(count, most)
    assert all(width <= most for width in blocks)


def test_long_runs_are_checked_as_short_ones_are(made):
    case = long("plain tensor", STEPS)
    case.update = lambda x, b: x.sub_(0.1 * (x - b))
    with pytest.raises(ValueError, match="update: it changed its input state in place"):
        run(case, "wavefront", checkpoints=range(1, STEPS + 1))
    case = long("plain tensor", STEPS)
    case.update = lambda x, b: x - 0.1 * (x - b)
    case.batches = [*torch.rand(STEPS - 1, dtype=torch.float64), torch.rand(3, dtype=torch.float64)]
    with pytest.raises(ValueError, match=f"on batch {STEPS - 1} the update turned the state"):
        run(case, "wavefront", "forward", checkpoints=range(1, STEPS + 1))


def test_results_do_not_depend_on_max_states():
    case = long("MLP", STEPS)
    exact = run(case, "replay")
    for most in (1, 3, 7):
        assert distance(run(case, ro.Wavefront(max_states=most)).states, exact.states) <= 1e-12


@pytest.mark.parametrize("options", [{"max_states": 0}, {"merge_tol": 0.0}, {"merge_tol": float("nan")}])
def test_bad_options(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))}: got"):
        ro.Wavefront(**options)


def test_free_memory_bounds_the_stack(monkeypatch):
    case = long("MLP", STEPS)
    size = memory.state_bytes(case.start)
    exact = run(case, "replay", record=lambda state: state["params"]["3.bias"])
    monkeypatch.setattr(memory, "free_bytes", lambda device: 2 * size * 5)
    seen = []
    plan_split = ro.Plan.split
    monkeypatch.setattr(ro.Plan, "split", lambda plan, most: seen.append(most) or plan_split(plan, most))
    bounded = run(case, "wavefront", record=lambda state: state["params"]["3.bias"])
    assert seen == [5]
    assert distance(bounded.states, exact.states) <= 1e-12


def test_a_run_that_cannot_fit_says_what_it_needs(monkeypatch):
    case = long("MLP", STEPS)
    monkeypatch.setattr(memory, "free_bytes", lambda device: 4 * memory.state_bytes(case.start))
    with pytest.raises(MemoryError, match=r"checkpoints: 16 states of 7.1 KiB are to be kept, 113.\d KiB in all"):
        run(case, "wavefront")


def contractive():
    case = CASES["plain tensor"]()
    case.update = lambda x, b: x - 0.3 * (x - b)
    case.start = torch.zeros(3, dtype=torch.float64)
    case.batches = torch.rand(300, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return case


def test_merging_saves_evaluations_and_measures_its_error():
    case, steps = contractive(), range(1, 301)
    exact = run(case, "wavefront", checkpoints=steps)
    merged = run(case, ro.Wavefront(merge_tol=1e-8), checkpoints=steps)
    assert merged.cost < 0.5 * exact.cost
    assert 0 < distance(merged.states, exact.states) <= 1e-8
    assert "merges within 1e-08; largest error of 3 merged checkpoints" in merged.engine
    assert float(re.search(r"merged checkpoints (\S+);", merged.engine)[1]) <= 1e-8


def test_a_tolerance_that_nothing_meets_merges_nothing():
    case = contractive()
    strict = run(case, ro.Wavefront(merge_tol=1e-300), checkpoints=range(1, 31))
    assert "0 merges" in strict.engine
    assert same_bits(strict.states, run(case, "wavefront", checkpoints=range(1, 31)).states)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=8), st.sampled_from(["backward", "two-sided", "shuffled"]))
def test_equal_futures_are_equal_letters_to_come(checkpoints, order):
    trie = ro.plan(order, checkpoints, labels=[i % 3 for i in range(20)]).trie
    future = coalescence.futures(trie)

    def to_come(node):
        letters = []
        while trie.n_children[node] == 1:
            node = trie.first_child[node]
            letters.append(int(trie.letter[node]))
        return letters if trie.n_children[node] == 0 else None

    chains = {node: to_come(node) for node in range(len(trie.parent))}
    for a, word in chains.items():
        for b, other in chains.items():
            if a != b and word is not None:
                assert (future[a] == future[b]) == (word == other)


def test_auto_measures_long_runs_and_says_what_it_predicted(monkeypatch):
    case = long("Adam", STEPS)
    chosen = run(case, "auto", checkpoints=range(1, STEPS + 1))
    assert "evaluations in 160 batched calls; predicted from probe steps: replay" in chosen.engine
    assert chosen.engine.startswith("wavefront")
    assert chosen.cost == STEPS * (STEPS + 1) // 2
    assert distance(chosen.states, run(case, "replay", checkpoints=range(1, STEPS + 1)).states) <= 1e-12


def test_auto_takes_the_affine_engine_where_it_is_faster():
    data = ro.datasets.diabetes()

    def loss(params, batch):
        return 0.5 * ((batch[0] @ params - batch[1]) ** 2).mean()

    update = ro.sgd(loss, 0.05)
    batches = ro.batches.Minibatches(data.train, ro.batches.iid(342, 8, 900, seed=0))
    arguments = (update, update.init(torch.zeros(10, dtype=torch.float64)), batches, "backward", range(1, 901))
    chosen = ro.run(*arguments, progress=False)
    assert chosen.engine.startswith("affine")
    assert chosen.cost == 900
    assert distance(chosen.states, ro.run(*arguments, engine="wavefront", progress=False).states) <= 1e-10


def test_auto_goes_on_with_the_wavefront_where_a_late_batch_is_not_affine():
    case = long("plain tensor", STEPS)
    case.update = lambda x, b: x - 0.1 * x - b * x**3
    case.batches = torch.zeros(STEPS, dtype=torch.float64)
    case.batches[-5:] = 0.1
    chosen = run(case, "auto", checkpoints=range(1, STEPS + 1))
    assert chosen.engine.startswith("affine")
    assert "then wavefront, since update: on batch" in chosen.engine
    assert distance(chosen.states, run(case, "replay", checkpoints=range(1, STEPS + 1)).states) <= 1e-12
    assert chosen.cost >= ro.plan("backward", range(1, STEPS + 1)).cost


def test_auto_compiles_only_what_takes_long(monkeypatch):
    from revorder.engines import auto

    case = long("MLP", STEPS)
    checkpoints = range(1, STEPS + 1)
    assert "compiled" not in run(case, "auto", checkpoints=checkpoints).engine
    monkeypatch.setattr(auto, "COMPILING", 0.0)
    chosen = run(case, "auto", checkpoints=checkpoints)
    assert distance(chosen.states, run(case, "replay", checkpoints=checkpoints).states) <= 1e-12


def test_networks_agree_when_auto_chooses():
    for model in (ro.models.mlp(64, 12, 10, dropout=0.2), ro.models.small_cnn(width=3)):
        case = network(model)
        assert (
            distance(run(case, "auto", checkpoints=[3, 9]).states, run(case, "replay", checkpoints=[3, 9]).states)
            <= 1e-12
        )
