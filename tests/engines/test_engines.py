from __future__ import annotations

import pytest
import torch
from family import CASES, CHECKPOINTS, ORDERS, STEPS, distance, literally, network, plain, run, same_bits

import revorder as ro
from revorder.pytrees import row


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_engines_agree_with_the_definition(order, name):
    case = CASES[name]()
    replay = run(case, order, engine="replay")
    for i, n in enumerate(CHECKPOINTS):
        assert same_bits(row(replay.states, i), literally(case, order.word(n)))
    assert same_bits(replay.states, run(case, order, engine="replay").states)
    for engine in ("wavefront", ro.Wavefront(max_states=2)):
        wavefront = run(case, order, engine=engine)
        assert distance(wavefront.states, replay.states) <= 1e-12
        assert wavefront.steps == replay.steps == CHECKPOINTS


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_order_is_told_apart(name):
    """The comparison above can fail: one swap of two neighbours in the word is far outside its tolerance."""

    class OneSwap:
        def word(self, n):
            word = ro.Backward().word(n)
            return word if n < 2 else (word[1], word[0], *word[2:])

    case = CASES[name]()
    wrong = run(case, OneSwap(), engine="wavefront")
    assert distance(wrong.states, run(case, "backward", engine="replay").states) > 1e-9


@pytest.mark.parametrize("engine", ["auto", "replay", "wavefront", ro.Wavefront(max_states=7)])
def test_binary_digits(engine):
    """Loss ½(θ - x)², x in {0, 1}, lr ½: B_n is the number whose binary digits are the batches, exactly."""
    bits = torch.randint(0, 2, (40,), generator=torch.Generator().manual_seed(0)).double()
    start = torch.zeros((), dtype=torch.float64)
    backward = ro.run(lambda x, b: x - 0.5 * (x - b), start, bits, ro.Backward(), range(1, 41), engine=engine)
    read = [sum(int(bit) / 2**i for i, bit in enumerate(bits[:n], start=1)) for n in range(1, 41)]
    assert backward.states.tolist() == read
    forward = ro.run(lambda x, b: x - 0.5 * (x - b), start, bits, ro.Forward(), range(1, 41), engine=engine)
    newest_first = [sum(int(bit) / 2**i for i, bit in enumerate(bits[:n].flip(0), start=1)) for n in range(1, 41)]
    assert forward.states.tolist() == newest_first


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_cost_is_what_the_update_was_called_for(order, engine):
    evaluations = 0

    def count(x, b):
        nonlocal evaluations
        evaluations += 1
        return x - 0.1 * (x - b)

    case = plain()
    cyclic = [i % 3 for i in range(STEPS)]
    batches = case.batches[torch.tensor(cyclic)]
    plan = ro.plan(order, CHECKPOINTS, cyclic)
    made = ro.run(count, case.start, batches, order, CHECKPOINTS, labels=cyclic, engine=engine, progress=False)
    assert made.cost == plan.cost
    tried = 1  # the first step, before anything else; what is compared with it is computed by copies of the update
    assert evaluations == tried + (plan.cost if engine == "replay" else plan.launches)


def test_a_cyclic_run_with_labels_equals_the_same_run_without():
    case = CASES["MLP"]()
    index = ro.batches.shuffle_once(48, 16, STEPS, seed=0)
    case.batches = ro.batches.Minibatches(case.batches.data, index)
    labels = ro.batches.labels(index)
    plain_run = run(case, "backward", engine="wavefront")
    shared = run(case, "backward", engine="wavefront", labels=labels)
    assert shared.cost < plain_run.cost
    assert distance(shared.states, plain_run.states) <= 1e-12


def test_backward_contracts_onto_the_limit_at_the_rate_of_the_maps():
    """|B_{n+1} - B_n| <= ρⁿ |T_{n+1}θ_0 - θ_0|, batch by batch, with ρ = 1 - lr."""
    lr, start = 0.3, torch.tensor(2.0, dtype=torch.float64)
    batches = torch.rand(60, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    states = ro.run(lambda x, b: x - lr * (x - b), start, batches, "backward", range(1, 61), progress=False).states
    steps = torch.arange(1, 60, dtype=torch.float64)
    bound = (1 - lr) ** steps * lr * (start - batches[1:]).abs()
    assert torch.allclose(states.diff().abs(), bound, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("name", CASES)
def test_wavefront_on_the_meta_device_meets_no_cpu_tensor(name):
    case = CASES[name]()
    batches = case.batches
    if name != "plain tensor":
        model = {"CNN with BatchNorm": ro.models.small_cnn(width=3)}.get(name, ro.models.mlp(64, 12, 10, dropout=0.3))
        remade = network(model.to("meta"), lambda loss: _remake(case.update, loss))
        case.update, case.start = remade.update, remade.start
        data = tuple(leaf.to("meta") for leaf in batches.data)
        batches = MetaBatches(data, len(batches))
    else:
        case.start, batches = case.start.to("meta"), batches.to("meta")
    for order in ORDERS:
        made = ro.run(case.update, case.start, batches, order, CHECKPOINTS, engine="wavefront", progress=False)
        leaves = torch.utils._pytree.tree_leaves(made.states)
        assert leaves
        assert all(leaf.is_meta and len(leaf) == len(CHECKPOINTS) for leaf in leaves)


class MetaBatches:
    """Batches of shape and dtype only (`Minibatches` cannot look into an index tensor that has no values)."""

    def __init__(self, data, steps):
        self.data, self.steps = data, steps

    def __len__(self):
        return self.steps

    def __getitem__(self, number):
        return tuple(leaf[:6] for leaf in self.data)


def _remake(update, loss):
    """The same update for a loss on another device."""
    from dataclasses import replace

    from revorder.updates.augmentation import Augmented

    if isinstance(update, Augmented):
        return ro.augmented(replace(update.update, loss=loss), lambda batch, generator: batch)
    return replace(update, loss=loss)


def test_auto_says_what_it_chose_and_why():
    case = CASES["MLP"]()
    assert run(case, "forward").engine.startswith("replay: no two states ever need the same batch; checked ")
    assert run(case, "backward").engine.startswith("wavefront: 24 evaluations in 9 batched calls")
    assert run(case, "backward", engine="replay").engine.startswith("replay: as asked; checked ")


def test_auto_falls_back_to_replay_for_an_update_that_cannot_be_batched():
    def branches(x, b):
        return x - 0.3 * (x - b) if float(x) > 1 else x + 0.1 * b

    case = plain()
    case.update = branches
    made = run(case, "backward")
    assert made.engine.startswith("replay: the update does not run under torch.vmap")
    assert same_bits(made.states, run(case, "backward", engine="replay").states)
    assert made.cost == ro.plan("backward", CHECKPOINTS).cost


def test_an_engine_of_ones_own():
    class Literal:
        def states(self, maps, start, plan, advanced):
            for i, word in enumerate(plan.words):
                state = start
                for number in word.tolist():
                    state = maps(plan.letters[number], state)
                    advanced(1)
                yield torch.tensor([i]).numpy(), state[None]

    case = plain()
    made = run(case, "two-sided", engine=Literal())
    assert same_bits(made.states, run(case, "two-sided", engine="replay").states)
    assert made.cost == ro.plan("two-sided", CHECKPOINTS).naive_cost
