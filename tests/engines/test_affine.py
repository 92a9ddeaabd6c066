"""The affine engine against replay, against brute-force counts, and against closed forms."""

from __future__ import annotations

import family
import numpy as np
import pytest
import torch
from family import CASES, CHECKPOINTS, ORDERS, STEPS, Case, beginnings, distance, spelled
from torch import nn
from torch.nn.functional import huber_loss, mse_loss

import revorder as ro
from revorder.engines.maps import Maps

F64 = torch.float64


def regression(batch, params):
    inputs, targets = batch
    return 0.5 * ((inputs @ params["weight"] + params["bias"] - targets) ** 2).mean()


def diabetes(dtype=F64, steps=STEPS, **options) -> Case:
    index = ro.batches.iid(342, 8, steps, seed=0)
    batches = ro.batches.Minibatches(ro.datasets.diabetes(dtype=dtype).train, index)
    update = ro.sgd(lambda params, batch: regression(batch, params), 0.05, **options)
    weight = torch.linspace(-1, 1, 10, dtype=dtype)
    return Case(update, update.init({"weight": weight, "bias": torch.tensor(0.5, dtype=dtype)}), batches)


def random_features(d=500) -> Case:
    generator = torch.Generator().manual_seed(0)
    inputs, targets = ro.datasets.diabetes().train
    features = (inputs @ torch.randn(10, d, generator=generator, dtype=F64)).tanh()
    update = ro.sgd(lambda w, batch: 0.5 * ((batch[0] @ w - batch[1]) ** 2).mean(), 0.5 / d, momentum=0.5)
    batches = ro.batches.Minibatches((features, targets), ro.batches.iid(342, 8, STEPS, seed=1))
    return Case(update, update.init(torch.randn(d, generator=generator, dtype=F64)), batches)


def scalar() -> Case:
    batches = torch.rand(STEPS, generator=torch.Generator().manual_seed(1), dtype=F64)
    return Case(lambda x, b: x - 0.5 * (x - b), torch.tensor(2.0, dtype=F64), batches)


def ragged() -> Case:
    """Batches of different lengths, which cannot be stacked."""
    generator = torch.Generator().manual_seed(1)
    batches = [torch.rand(1 + i % 4, 3, generator=generator, dtype=F64) for i in range(STEPS)]
    return Case(lambda x, b: x - 0.3 * (b @ x - 1) @ b, torch.ones(3, dtype=F64), batches)


def linear_module(model: nn.Module) -> Case:
    loss, params = ro.module_loss(model.double(), lambda output, targets: mse_loss(output[:, 0], targets), seed=4)
    case = diabetes()
    case.update = ro.sgd(loss, 0.02)
    case.start = case.update.init({name: torch.ones_like(leaf) for name, leaf in params.items()})
    return case


def jitter(batch, generator):
    return batch[0] + torch.randn(batch[0].shape, generator=generator, dtype=F64), batch[1]


def augmented() -> Case:
    case = diabetes()
    case.update = ro.augmented(case.update, jitter, seed=6)
    return case


AFFINE = {
    "scalar lambda": scalar,
    "numbers as batches": lambda: Case(scalar().update, scalar().start, scalar().batches.tolist()),
    "a map that forgets": lambda: Case(lambda x, b: b.clone(), scalar().start, scalar().batches),
    "batches of different lengths": ragged,
    "diabetes": diabetes,
    "momentum, nesterov": lambda: diabetes(momentum=0.9, nesterov=True),
    "momentum, weight decay": lambda: diabetes(momentum=0.8, weight_decay=0.1),
    "weight decay": lambda: diabetes(weight_decay=0.1),
    "module": lambda: linear_module(nn.Linear(10, 1)),
    "dropout": lambda: linear_module(nn.Sequential(nn.Dropout(0.4), nn.Linear(10, 1))),
    "augmentation": augmented,
    "1000 numbers": random_features,
}


def run(case: Case, order, engine="affine", **options) -> ro.Trajectory:
    return family.run(case, order, engine=engine, **options)


def distinct_suffixes(order, labels=None) -> int:
    return len(beginnings(word[::-1] for word in spelled(order, CHECKPOINTS, labels)))


@pytest.mark.parametrize("name", AFFINE)
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_affine_equals_replay(order, name):
    case = AFFINE[name]()
    made = run(case, order)
    assert distance(made.states, run(case, order, "replay").states) <= 1e-10
    assert made.cost == distinct_suffixes(order)
    assert made.steps == CHECKPOINTS
    assert made.engine.startswith("affine: as asked; ") and "; checked " in made.engine


@pytest.mark.parametrize("name", AFFINE)
def test_a_wrong_composition_is_told_apart(name):
    case = AFFINE[name]()
    assert distance(run(case, "forward").states, run(case, "backward", "replay").states) > 1e-3


def test_many_steps_take_one_product_each():
    case = diabetes(steps=300)
    made = run(case, "backward", checkpoints=range(1, 301))
    assert made.cost == ro.Affine().cost(ro.plan("backward", range(1, 301))) == 300
    assert distance(made.states, run(case, "backward", "wavefront", checkpoints=range(1, 301)).states) <= 1e-10


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_equal_labels_share_products(order):
    case, labels = scalar(), [i % 3 for i in range(STEPS)]
    case.batches = case.batches[torch.tensor(labels)]
    made = run(case, order, labels=labels)
    assert distance(made.states, run(case, order, "replay", labels=labels).states) <= 1e-10
    assert made.cost == distinct_suffixes(order, labels)


def test_float32_agrees_to_its_precision():
    case = diabetes(torch.float32, steps=50, momentum=0.5)
    made = run(case, "backward", checkpoints=range(1, 51))
    assert made.states["params"]["weight"].dtype == torch.float32
    assert distance(made.states, run(case, "backward", "replay", checkpoints=range(1, 51)).states) <= 1e-4


def map_of(inputs, targets, lr, decay):
    """M and m of a step on ½ mean (Xθ - y)² + ½ decay |θ|², by hand; the last number of θ is the bias."""
    design = np.hstack([inputs, np.ones((len(inputs), 1))])
    hessian = design.T @ design / len(design) + decay * np.eye(11)
    return np.eye(11) - lr * hessian, lr * design.T @ targets / len(design)


@pytest.mark.parametrize("order", ["backward", "forward"])
def test_cyclic_batches_lead_backward_to_the_fixed_point_of_the_cycle(order):
    """It is (I - A)^-1 b of T_1∘…∘T_K, at every residue, and not the minimiser; forward is near it at no residue."""
    period, steps, lr, decay = 6, 2400, 0.2, 0.1
    index = ro.batches.shuffle_once(342, 342 // period, steps, seed=0)
    data = ro.datasets.diabetes().train
    a, b = np.eye(11), np.zeros(11)
    for examples in index[:period]:
        matrix, shift = map_of(*(leaf[examples].numpy() for leaf in data), lr, decay)
        a, b = a @ matrix, b + a @ shift
    fixed = np.linalg.solve(np.eye(11) - a, b)
    matrix, shift = map_of(*(leaf.numpy() for leaf in data), lr, decay)
    assert np.abs(fixed - np.linalg.solve(np.eye(11) - matrix, shift)).max() > 1e-3

    case = diabetes()
    case.update = ro.sgd(case.update.loss, lr, weight_decay=decay)
    case.batches = ro.batches.Minibatches(data, index)
    last = range(steps - period + 1, steps + 1)
    params = run(case, order, checkpoints=last, labels=ro.batches.labels(index)).states["params"]
    gap = np.abs(torch.cat([params["weight"], params["bias"][:, None]], dim=1).numpy() - fixed).max(axis=1)
    assert gap.max() <= 1e-12 if order == "backward" else gap.min() > 1e-3


def huber() -> Case:
    case = diabetes()
    loss = lambda p, batch: huber_loss(batch[0] @ p["weight"] + p["bias"], batch[1], delta=0.5)
    case.update = ro.sgd(loss, 0.05)
    return case


def single_precision_mlp() -> Case:
    loss, params = ro.module_loss(ro.models.mlp(64, 32, 10), nn.functional.cross_entropy, seed=0)
    index = ro.batches.iid(1400, 8, STEPS, seed=0)
    update = ro.sgd(loss, 0.01)
    return Case(update, update.init(params), ro.batches.Minibatches(ro.datasets.digits().train, index))


def bends_on_one_batch() -> Case:
    case = scalar()
    case.update = lambda x, b: torch.where(b == case.batches[4], x - 0.1 * x**2, x - 0.5 * (x - b))
    return case


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (CASES["MLP"], "batch [0-8], SGD is not affine"),
        (single_precision_mlp, "batch [0-8], SGD is not affine"),
        (CASES["plain tensor"], "batch 0, <lambda> is not affine"),
        (bends_on_one_batch, "batch 4, <lambda> is not affine"),
        (huber, "batch [0-8], SGD is not affine"),
    ],
)
@pytest.mark.parametrize("order", ["forward", "backward"])
def test_a_map_that_bends_is_refused(order, make, words):
    message = rf"^update: on {words} in its state: .* away from M x \+ m, .*; use engine='wavefront' or 'replay'$"
    with pytest.raises(ValueError, match=message):
        run(make(), order)


def test_a_tiny_bend_is_refused_and_a_large_offset_is_not():
    case = scalar()
    case.update = lambda x, b: x - 0.5 * (x - b) + 1e-7 * x**2
    with pytest.raises(ValueError, match="not affine"):
        run(case, "backward")
    case.update, case.batches = scalar().update, scalar().batches * 1e6
    assert distance(run(case, "two-sided").states, run(case, "two-sided", "replay").states) <= 1e-4


def test_a_state_with_integers_is_refused():
    with pytest.raises(TypeError, match=r"^start\['step'\]: got torch.int64, .*use engine='wavefront' or 'replay'"):
        run(CASES["Adam"](), "backward")
    with pytest.raises(TypeError, match="^start: got torch.int64"):
        run(Case(lambda x, b: x + 1, torch.tensor(1), torch.zeros(STEPS)), "backward")


def test_updates_that_cannot_be_transformed_are_refused():
    case = scalar()
    case.update = lambda x, b: torch.as_tensor(0.5 * x.numpy())
    with pytest.raises(ValueError, match="^update: it runs on batch 0, but torch cannot differentiate it"):
        run(case, "backward")
    case.update = lambda x, b: 0.5 * x.detach() + b
    with pytest.raises(ValueError, match="not affine"):
        run(case, "backward")
    torch_update = ro.torch_update(nn.Linear(10, 1), mse_loss, lambda params: torch.optim.SGD(params, lr=0.1))
    with pytest.raises(TypeError, match="^engine: got 'affine'.*use engine='replay'"):
        run(Case(torch_update, torch_update.init(), diabetes().batches), "backward")


def test_bad_batches_are_named():
    case = ragged()
    case.batches[4] = torch.ones(2, 5, dtype=F64)
    with pytest.raises(ValueError, match="^update: it failed on batch 4"):
        run(case, "backward")
    case.batches[4] = torch.full((2, 3), torch.nan, dtype=F64)
    with pytest.raises(ro.DivergedError, match="batch 4 itself holds infinite or NaN") as caught:
        run(case, "forward")
    assert (caught.value.step, caught.value.batch) == (5, 4)
    assert caught.value.trajectory.steps == [2, 1]


def test_a_learning_rate_that_diverges_is_caught():
    case = diabetes(steps=400)
    case.update = ro.sgd(case.update.loss, 1e3)
    with pytest.raises(ro.DivergedError) as caught:
        run(case, "backward", checkpoints=[1, 2, 400])
    assert caught.value.step == 400
    assert caught.value.trajectory.steps == [1, 2]


def test_a_large_network_is_refused_before_any_matrix_is_made():
    case = CASES["MLP"]()
    loss, params = ro.module_loss(ro.models.mlp(64, 6000, 10).double(), nn.functional.cross_entropy, seed=4)
    case.update = ro.sgd(loss, 0.1)
    case.start = case.update.init(params)  # a matrix would take 1.6 TB
    with pytest.raises(ValueError, match="SGD is not affine"):
        run(case, "backward")


@pytest.mark.parametrize(("name", "affine"), [("diabetes", True), ("1000 numbers", True), ("MLP", False)])
def test_a_probe_tells_the_price_of_a_product(name, affine):
    case = (AFFINE | CASES)[name]()
    plan = ro.plan("backward", CHECKPOINTS)
    seconds = ro.Affine().probe(Maps(case.update, case.batches, plan, None), case.start, plan)
    assert (seconds is not None and 0 < seconds < 10) == affine


def test_on_the_meta_device_shapes_come_out():
    case = diabetes()
    data = tuple(leaf.to("meta") for leaf in case.batches.data)
    start = torch.utils._pytree.tree_map(lambda leaf: leaf.to("meta"), case.start)
    batches = [tuple(leaf[:8] for leaf in data)] * STEPS
    made = run(Case(case.update, start, batches), "backward")
    assert made.states["params"]["weight"].shape == (len(CHECKPOINTS), 10)
    assert made.states["params"]["weight"].is_meta
