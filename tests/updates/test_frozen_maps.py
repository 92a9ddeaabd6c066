"""T_i is frozen by its batch: what is random in it depends on its seed and its key, and on nothing else."""

from __future__ import annotations

import pytest
import torch
from family import CASES, distance, images, jitter, network, run
from processes import printed

import revorder as ro
from revorder.engines.maps import Maps
from revorder.pytrees import row
from revorder.updates.keys import takes_key
from revorder.updates.randomness import generator, key_seed, seeded


def test_keys_make_different_seeds_and_no_collisions():
    seeds = {key_seed(seed, key) for seed in range(20) for key in [None, "0", *range(200)]}
    assert len(seeds) == 20 * 202
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_a_key_means_the_same_in_every_process():
    command = "from revorder.updates.randomness import key_seed; print(key_seed(3, 'a'))"
    assert int(printed("-c", command)) == key_seed(3, "a")


@pytest.mark.parametrize("name", ["dropout", "augmentation"])
def test_a_map_is_one_map_and_maps_of_different_keys_differ(name):
    case = CASES[name]()
    batch = case.batches[0]
    once, again = (case.update(case.start, batch, key=7) for _ in range(2))
    assert distance(once, again) == 0
    assert distance(once, case.update(case.start, batch, key=8)) > 1e-6


@pytest.mark.parametrize("name", ["dropout", "augmentation"])
@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_masks_belong_to_labels(name, engine):
    """Two batches with equal content and equal labels are one map; with different labels they are two."""
    case = CASES[name]()
    same = [case.batches[0]] * 4

    def end(labels, n=4):
        made = ro.run(case.update, case.start, same, "forward", [n], labels=labels, engine=engine, progress=False)
        return made.states

    assert distance(end([5, 5, 5, 5]), end([5, 5, 5, 5])) == 0
    assert distance(end([5, 5, 5, 5]), end([5, 6, 7, 8])) > 1e-6
    assert distance(end([0, 1, 2, 3]), end(None)) == 0
    literal = case.start
    for _ in range(4):
        literal = case.update(literal, same[0], key=5)
    assert distance(row(end([5, 5, 5, 5]), 0), literal) <= 1e-12


def test_randomness_neither_reads_nor_moves_the_global_generator():
    case = CASES["dropout"]()
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    once = case.update(case.start, case.batches[0], key=1)
    assert torch.equal(torch.rand(3), expected)
    assert distance(once, case.update(case.start, case.batches[0], key=1)) == 0


def test_seeds_of_loss_and_augmentation_matter():
    model = ro.models.mlp(64, 12, 10, dropout=0.5).double()
    losses = [ro.module_loss(model, torch.nn.functional.cross_entropy, seed=seed)[0] for seed in (0, 1)]
    params = ro.module_loss(model, torch.nn.functional.cross_entropy)[1]
    batch = images()[0]
    first, second = (loss.with_buffers(params, {}, batch, 3)[0] for loss in losses)
    assert first != second
    draws = [torch.rand(4, generator=generator(seed, 3)) for seed in (0, 1, 0)]
    assert torch.equal(draws[0], draws[2])
    assert not torch.equal(draws[0], draws[1])


def test_dropout_drops_at_its_rate():
    masks = torch.nn.functional.dropout
    with seeded(0, 1):
        kept = (masks(torch.ones(20000), 0.3) > 0).double().mean().item()
    assert abs(kept - 0.7) < 5 * (0.3 * 0.7 / 20000) ** 0.5


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_batchnorm_statistics_travel_in_the_state(engine):
    """At step n backward has seen n batches, newest first: the same statistics as a loop over the module gives."""
    model = ro.models.small_cnn(width=3).double()
    case = network(model, lambda loss: ro.sgd(loss, 0.05))
    made = run(case, "backward", [1, 4], engine=engine)
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    for number in (3, 2, 1, 0):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(case.batches[number][0]), case.batches[number][1]).backward()
        optimizer.step()
    ours = case.update.buffers(made.state(4))
    assert ours["1.num_batches_tracked"] == 4
    assert distance(ours, dict(model.named_buffers())) <= 1e-12
    assert distance(case.update.params(made.state(4)), dict(model.named_parameters())) <= 1e-12


def test_moments_travel_in_the_state():
    made = run(CASES["Adam"](), "backward", [3, 6], engine="wavefront")
    assert made.states["step"].tolist() == [3, 6]


def test_augmented_keeps_the_interface_of_its_update():
    loss, params = ro.module_loss(ro.models.mlp(64, 5, 10), torch.nn.functional.cross_entropy)
    update = ro.augmented(ro.sgd(loss, 0.1), jitter)
    assert update.params(update.init(params)).keys() == params.keys()
    assert update.buffers(update.init(params)) == {}
    optimizer = ro.torch_update(ro.models.mlp(64, 5, 10), torch.nn.functional.cross_entropy, torch.optim.SGD)
    assert ro.augmented(optimizer, jitter).replay_only


def test_what_draws_is_found_by_trying():
    class Mine(torch.nn.Module):
        def forward(self, x):
            return 2 * x

    def draws(module):
        model = torch.nn.Sequential(torch.nn.Flatten(), module, torch.nn.Linear(64, 10))
        loss, params = ro.module_loss(model, torch.nn.functional.cross_entropy)
        assert loss.stochastic is None
        loss(params, (torch.randn(4, 64), torch.tensor([0, 1, 2, 3])))
        return loss.stochastic

    assert not draws(Mine())
    assert not draws(torch.nn.Dropout(0.5).eval())
    assert draws(torch.nn.RReLU())
    assert draws(torch.nn.Dropout1d())


@pytest.mark.parametrize("error, said", [(TypeError, TypeError), (IndexError, ValueError), (RuntimeError, ValueError)])
def test_an_error_says_where_and_keeps_its_kind(error, said):
    def update(x, batch):
        raise error("of its own")

    maps = Maps(update, torch.zeros(3), ro.plan("backward", [2]), None)
    with pytest.raises(said, match="^update: it failed on batch 1: of its own"):
        maps(1, torch.tensor(0.0))


def test_a_layout_that_changes_is_shown_with_the_batch():
    maps = Maps(lambda x, batch: x + batch, torch.zeros(2, 3), ro.plan("backward", [2]), None)
    with pytest.raises(ValueError, match=r"of start and of the batch \(.*\(3,\)"):
        maps(1, torch.zeros(1))


def test_a_function_without_a_signature_takes_no_key():
    assert takes_key(min) is False
