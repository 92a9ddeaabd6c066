"""The catalogue and what it is predicted to cost."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import revorder as ro
from revorder.engines.auto import predict
from revorder.engines.maps import Maps
from revorder.engines.replay import Replay
from revorder.engines.wavefront import Wavefront
from revorder.experiments import build, jobs, load
from revorder.experiments.catalogue import ABOUT, NAMES, PROFILES, experiment
from revorder.experiments.estimates import duration, estimate, readable, stand_in
from revorder.planning.plan import plan

EVERY = [(name, profile) for name in NAMES for profile in PROFILES]


@pytest.mark.parametrize(("name", "profile"), EVERY)
def test_the_regime_is_the_papers(name, profile):
    config = experiment(name, profile)
    assert (config.name, config.profile, config.optimizer) == (name, profile, "sgd")
    assert config.momentum == config.weight_decay == 0 and not config.augment
    assert 4 <= config.batch_size <= 32
    assert config.orders == ("forward", "backward")
    if profile != "smoke":
        assert config.seeds >= 2
        assert sum(n > 0.75 * config.steps for n in config.checkpoints) >= 5


def test_gpu_profiles_are_full_size():
    for name in NAMES:
        config = experiment(name, "gpu")
        examples = len(stand_in(config).train[0])
        assert config.train_examples is None and config.test_examples is None
        assert config.seeds >= 5
        assert config.steps * config.batch_size >= 3 * examples // config.batch_size * config.batch_size
        assert config.engine == "wavefront" and config.precision == "float32"
        assert config.width == (64 if "resnet" in name else experiment(name, "laptop").width)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("resnet")])
def test_a_seed_of_colab_is_twenty_minutes_of_arithmetic_on_a_t4(name):
    """An estimate: 2e12 operations a second, those of steps and of metrics; nothing was measured on a T4."""
    config = experiment(name, "colab")
    data = stand_in(config, "meta")
    model = getattr(ro.models, config.model)(3, 100 if "100" in name else 10, width=config.width).to("meta")
    step, look = (operations(model, config.batch_size, back) for back in (True, False))
    evaluations = sum(plan(order, config.checkpoints).cost for order in config.orders)
    examples = len(data.test[0]) + config.train_measured
    looks = len(config.orders) * len(config.checkpoints) * examples / config.batch_size
    assert 15 < (evaluations * step + looks * look) / 2e12 / 60 < 30
    assert config.seeds == 5


def operations(model, batch_size, back):
    """Floating-point operations of one pass over a batch."""
    with FlopCounterMode(display=False) as counted:
        outputs = model(torch.zeros(batch_size, 3, 32, 32, device="meta"))
        if back:
            outputs.sum().backward()
    return counted.get_total_flops()


def test_the_stand_in_differs_from_cifar_in_its_data_only():
    for profile in PROFILES:
        stand, true = experiment("resnet18-fashion-mnist-as-rgb32", profile), experiment("resnet18-cifar10", profile)
        assert stand.replace(name=true.name, dataset=true.dataset) == true
    assert "stand-in" in ABOUT["resnet18-fashion-mnist-as-rgb32"]


def test_changes_are_made_and_checked():
    assert experiment("mlp-digits", "smoke", lr=0.5).lr == 0.5
    with pytest.raises(ValueError, match="name: got 'mlp-digit'.*did you mean 'mlp-digits'"):
        experiment("mlp-digit")
    with pytest.raises(ValueError, match="profile: got 'labtop'.*did you mean 'laptop'"):
        experiment("mlp-digits", "labtop")
    with pytest.raises(ValueError, match="batchsize: there is no such field.*did you mean 'batch_size'"):
        experiment("mlp-digits", batchsize=3)
    with pytest.raises(TypeError, match="seeds"):
        experiment("mlp-digits", seeds=1.5)


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_an_estimate_adds_up(engine):
    """For forward N evaluations, for backward the sum of the checkpoints: times seeds."""
    config = experiment("mlp-digits", "smoke", engine=engine, steps=50, stride=10, seeds=3)
    price = estimate(config)
    forward, backward = price.orders
    assert (forward.evaluations, backward.evaluations) == (3 * 50, 3 * (10 + 20 + 30 + 40 + 50))
    if engine == "replay":
        assert (forward.launches, backward.launches) == (150, 450)
    else:  # of a perceptron, under many batches at once: see test_prices_of_calls.py
        assert max(forward.launches, backward.launches) < 150 and (forward.launches + backward.launches) % 3 == 0
    assert (forward.peak_states, backward.peak_states) == ((1, 5) if engine == "wavefront" else (1, 2))
    assert price.jobs == len(jobs(config)) == 6
    assert price.evaluations == 600
    assert price.state_bytes == 4 * (64 * 32 + 32 + 32 * 10 + 10)
    assert price.snapshot_bytes == price.peak_states * price.state_bytes
    assert price.seconds == pytest.approx(forward.seconds + backward.seconds)
    assert price.free_bytes > 0


def test_parts_and_kept_states_are_counted():
    config = experiment("mlp-digits", "smoke", parts=2, keep_states=True)
    price, plain = estimate(config), estimate(experiment("mlp-digits", "smoke"))
    assert price.jobs == len(jobs(config)) == 6
    assert price.evaluations == plain.evaluations  # parts of backward share nothing
    assert price.snapshot_bytes == (price.peak_states + len(config.checkpoints)) * price.state_bytes


def test_the_stand_in_has_the_shape_of_the_data():
    config = experiment("mlp-digits", "smoke", train_examples=100)
    real, random = load(config), stand_in(config)
    for ours, theirs in zip(random.train + random.test, real.train + real.test, strict=True):
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    assert stand_in(experiment("resnet50-cifar100", "gpu")).test[0].shape == (10_000, 3, 32, 32)
    with pytest.raises(ValueError, match="batch_size: got 200"):
        estimate(config.replace(batch_size=200))


def test_predictions_grow_with_the_work():
    config = experiment("mlp-digits", "smoke")
    problem = build(config, load(config), 0)
    for engine in (Replay(), Wavefront()):
        short, long = (plan("backward", range(10, n + 1, 10)) for n in (10, 100))
        few, many = (predict(engine, Maps(problem.update, problem.batches, p, None), problem.start, p)
                     for p in (short, long))  # fmt: skip
        assert 0 < few < many


def test_the_table_can_be_read():
    said = str(estimate(experiment("mlp-digits", "smoke")))
    for word in ("order", "evaluations", "batched calls", "peak states", "predicted time", "memory", "free", "1,100"):
        assert word in said
    assert [readable(size) for size in (2048, 3 * 2**20, 5 * 2**30)] == ["2.0 KiB", "3.0 MiB", "5.0 GiB"]
    assert [duration(seconds) for seconds in (59.6, 3599.7)] == ["1 min 0 s", "1 h 0 min"]
