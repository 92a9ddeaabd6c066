"""Comparators, each against its definition written out, torch's or its authors' own code."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from family import CASES, distance
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.updates import comparators


def problem():
    made = CASES["MLP"]()
    return made.update, made.update.params(made.start), made.batches, made.update.loss


def iterates(update, params, batches):
    """Params after 0, 1, … steps of the plain update."""
    state, found = update.init(params), []
    found.append(update.params(state))
    for i in range(len(batches)):
        state = update(state, batches[i], i)
        found.append(update.params(state))
    return found


def after(update, params, batches, n, **options):
    run = ro.run(update, update.init(params), batches, "forward", [n], engine="replay", progress=False, **options)
    return update.params(run.state(n))


def mean(trees):
    return {name: torch.stack([tree[name] for tree in trees]).mean(0) for name in trees[0]}


@pytest.mark.parametrize("burn_in", [0, 3])
def test_swa_is_the_mean_of_all_iterates_after_the_burn_in(burn_in):
    update, params, batches, _ = problem()
    path = iterates(update, params, batches)
    averaged = comparators.swa(update, burn_in)
    for n in (4, 9):
        assert distance(after(averaged, params, batches, n), mean(path[burn_in + 1 : n + 1])) < 1e-12
    if burn_in:
        assert distance(after(averaged, params, batches, 2), path[2]) == 0


def test_ema_is_torchs():
    update, params, batches, _ = problem()
    path = iterates(update, params, batches)
    model = torch.nn.ParameterDict({name.replace(".", "_"): p.clone() for name, p in path[1].items()})
    average = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.7))
    for step in path[1:]:
        for name, p in step.items():
            model[name.replace(".", "_")].data.copy_(p)
        average.update_parameters(model)
    found = after(comparators.ema(update, 0.7), params, batches, 9)
    expected = {name: average.module[name.replace(".", "_")].data for name in found}
    assert distance(found, expected) < 1e-12


def test_ema_has_the_variance_of_the_closed_form():
    lr, decay = 0.3, 0.8
    update = comparators.ema(ro.sgd(lambda theta, x: 0.5 * (theta - x) ** 2, lr), decay)
    coins = torch.randint(2, (4000, 60), generator=torch.Generator().manual_seed(0)).double()
    start = update.init(torch.tensor(0.5, dtype=torch.float64))
    ends = update.params(ro.run_seeds(update, start, coins, "forward", [60], progress=False).states)[0]
    assert float(ends.var()) == pytest.approx(ro.theory.ema_variance(lr, decay, 0.25), rel=0.1)


def test_lawa_is_the_mean_of_the_latest_snapshots():
    update, params, batches, _ = problem()
    path = iterates(update, params, batches)
    latest = comparators.lawa(update, count=3, every=2)
    assert distance(after(latest, params, batches, 1), path[0]) == 0
    assert distance(after(latest, params, batches, 5), mean([path[2], path[4]])) < 1e-12
    assert distance(after(latest, params, batches, 9), mean([path[4], path[6], path[8]])) < 1e-12


def test_lookahead_by_its_algorithm():
    update, params, batches, _ = problem()
    slow, state = params, update.init(params)
    for i in range(9):
        state = update(state, batches[i], i)
        if (i + 1) % 3 == 0:
            slow = {name: slow[name] + 0.4 * (state["params"][name] - slow[name]) for name in slow}
            state = state | {"params": slow}
    found = after(comparators.lookahead(update, every=3, alpha=0.4), params, batches, 9)
    assert distance(found, slow) < 1e-12


def test_schedule_free_is_that_of_its_authors():
    schedulefree = pytest.importorskip("schedulefree")
    _, params, batches, loss = problem()
    weights = {name: torch.nn.Parameter(p.clone()) for name, p in params.items()}
    optimizer = schedulefree.SGDScheduleFree(weights.values(), lr=0.5, momentum=0.8, foreach=False)
    for i in range(9):
        optimizer.train()
        optimizer.zero_grad()
        loss(weights, batches[i]).backward()
        optimizer.step()
    optimizer.eval()
    found = after(comparators.schedule_free(loss, 0.5, 0.8), params, batches, 9)
    assert distance(found, {name: p.data for name, p in weights.items()}) < 1e-9


def test_decay_is_cosine_annealing():
    _, params, batches, loss = problem()
    weights = {name: torch.nn.Parameter(p.clone()) for name, p in params.items()}
    optimizer = torch.optim.SGD(weights.values(), lr=0.3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=7)
    for i in range(7):
        optimizer.zero_grad()
        loss(weights, batches[i]).backward()
        optimizer.step()
        schedule.step()
    found = after(comparators.decayed_sgd(loss, 0.3, 7), params, batches, 7)
    assert distance(found, {name: p.data for name, p in weights.items()}) < 1e-12
    assert distance(after(comparators.decayed_sgd(loss, 0.3, 7), params, batches, 9), found) < 1e-12  # it stays at 0


MAKERS = {
    "ema": lambda loss: comparators.ema(ro.sgd(loss, 0.1), 0.9),
    "swa of Adam": lambda loss: comparators.swa(ro.adam(loss, 0.01), burn_in=2),
    "lawa": lambda loss: comparators.lawa(ro.sgd(loss, 0.1, momentum=0.9), 2, 3),
    "lookahead": lambda loss: comparators.lookahead(ro.sgd(loss, 0.1), 3),
    "schedule-free": lambda loss: comparators.schedule_free(loss, 0.5),
    "decay": lambda loss: comparators.decayed_sgd(loss, 0.3, 9),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("order", ["forward", "backward", "backward-window:3"])
def test_engines_agree_in_every_order(name, order):
    _, params, batches, loss = problem()
    update = MAKERS[name](loss)
    found = [
        ro.run(update, update.init(params), batches, order, [3, 9], engine=engine, progress=False).states
        for engine in ("replay", "wavefront")
    ]
    assert distance(*found) < 1e-10


@pytest.mark.parametrize("name", MAKERS)
def test_stays_on_its_device(name):
    def loss(theta, x):
        return ((theta - x) ** 2).sum()

    update = MAKERS[name](loss)
    state = update(update.init(torch.zeros(3, device="meta")), torch.zeros(3, device="meta"))
    assert all(leaf.is_meta for leaf in torch.utils._pytree.tree_leaves(state))
    assert update.params(state).is_meta


def test_batch_norm_buffers_travel():
    made = CASES["CNN with BatchNorm"]()
    loss, params = ro.module_loss(ro.models.small_cnn(width=3).double(), cross_entropy)
    update = comparators.ema(ro.sgd(loss, 0.1), 0.5)
    state = update(update.init(params), made.batches[0])
    assert distance(update.buffers(state), ro.sgd(loss, 0.1)(made.start, made.batches[0])["buffers"]) < 1e-12


@pytest.mark.parametrize(
    "make",
    [
        lambda u, loss: comparators.ema(u, 1.0),
        lambda u, loss: comparators.swa(u, -1),
        lambda u, loss: comparators.lawa(u, 0, 1),
        lambda u, loss: comparators.lawa(u, 1, 0),
        lambda u, loss: comparators.lookahead(u, 0),
        lambda u, loss: comparators.lookahead(u, 5, 0.0),
        lambda u, loss: comparators.schedule_free(loss, 0.1, 1.0),
        lambda u, loss: comparators.schedule_free(loss, -0.1),
        lambda u, loss: comparators.decayed_sgd(loss, 0.1, 0),
    ],
)
def test_refuses(make):
    update, *_, loss = problem()
    with pytest.raises(ValueError, match="got"):
        make(update, loss)


def test_averaging_beats_backward_in_the_mean():
    """Scalar model: after N evaluations the mean's variance over seeds is far below that of the backward iterate."""
    lr, steps = 0.3, 200
    inner = ro.sgd(lambda theta, x: 0.5 * (theta - x) ** 2, lr)
    coins = torch.randint(2, (2000, steps), generator=torch.Generator().manual_seed(0)).double()
    start, variance = torch.tensor(0.5, dtype=torch.float64), {}
    for name, update, order in (("mean", comparators.swa(inner), "forward"), ("backward", inner, "backward")):
        runs = ro.run_seeds(update, update.init(start), coins, order, [steps], progress=False)
        variance[name] = float(np.var(update.params(runs.states)[0].numpy()))
    assert variance["backward"] == pytest.approx(ro.theory.stationary_variance(lr, 0.25), rel=0.1)
    assert variance["mean"] < 0.05 * variance["backward"]
