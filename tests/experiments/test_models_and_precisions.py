"""Every model in every precision under every engine, on the CPU: its checks hold at once, or it is refused by name."""

from __future__ import annotations

import pytest
import torch
from own_code import empty_registry
from torch.utils._python_dispatch import TorchDispatchMode

import revorder as ro
from revorder.data.datasets import Dataset
from revorder.engines.gaps import difference
from revorder.engines.maps import Maps
from revorder.experiments import Config, build, jobs, load
from revorder.experiments.arithmetic import arithmetic_of
from revorder.experiments.choices import CHOICES, RESNETS
from revorder.experiments.configs import EXACT
from revorder.experiments.estimates import estimate, stand_in
from revorder.experiments.job import ROUNDING, Snapshots, carry_out_job
from revorder.experiments.typed import configuration
from revorder.pytrees import copies, row

TINY = {"steps": 3, "stride": 1, "seeds": 1, "orders": ["backward"], "train_examples": 12, "test_examples": 4,
        "train_measured": 0, "threads": 1, "lr": 0.01}  # fmt: skip
FORMS = {
    "mlp": {"width": 4, "batch_size": 4},
    "resnet18": {"dataset": "cifar10", "width": 2, "batch_size": 2},
    "resnet18, group": {"model": "resnet18", "dataset": "cifar10", "width": 2, "batch_size": 2, "norm": "group"},
    "resnet50": {"dataset": "cifar100", "width": 1, "batch_size": 2},
    "resnet50, group": {"model": "resnet50", "dataset": "cifar100", "width": 1, "batch_size": 2, "norm": "group"},
    "transformer": {"dataset": "austen", "width": 8, "batch_size": 2},
}
REFUSED = r"precision, engine: got '\w+' under 'wavefront', .* use engine='replay'"
BIG = 2**13  # half of the last of the 10 bits that TF32 keeps of float32's 23


def config_of(form, **changes):
    return Config("tiny", "smoke", **({"model": form} | TINY | FORMS[form] | changes))


def data_of(config):
    """Random examples in the form of its data."""
    random, like = torch.Generator().manual_seed(0), stand_in(config)
    if not config.dataset.startswith("cifar"):
        return load(config)
    parts = ((torch.randint(256, part[0].shape, dtype=torch.uint8, generator=random),
              torch.randint(10, part[1].shape, generator=random)) for part in (like.train, like.test))  # fmt: skip
    return Dataset(like.name, *parts)


def trained(config, path):
    (job,) = jobs(config)
    with arithmetic_of(config):
        problem = build(config, data_of(config), 0)
        return carry_out_job(config, job, problem, Snapshots(path / "snapshot", job, 1e9))


def test_each_model_has_a_form():
    assert {config_of(form).model for form in FORMS} == set(CHOICES["model"])
    assert {(form.model, form.norm) for form in map(config_of, FORMS)} >= {
        (model, norm) for model in RESNETS for norm in CHOICES["norm"]
    }


@pytest.mark.parametrize("engine", CHOICES["engine"])
@pytest.mark.parametrize("precision", CHOICES["precision"])
@pytest.mark.parametrize("form", FORMS)
def test_it_runs_as_it_says_or_is_refused(form, precision, engine, tmp_path):
    if precision not in EXACT and config_of(form).model in RESNETS and engine == "wavefront":
        with pytest.raises(ValueError, match=REFUSED):
            config_of(form, precision=precision, engine=engine)
        return
    found = trained(config_of(form, precision=precision, engine=engine), tmp_path)
    assert found.steps == [1, 2, 3] and "checked" in found.engine and "then again" not in found.engine
    assert not any("not the plain step" in note for note in found.engine.split("; "))
    assert (f"{precision}, NOT exact" in found.engine) == (precision not in EXACT)
    assert (found.metrics["test loss"] < 10).all()


@pytest.mark.parametrize("precision", sorted(set(CHOICES["precision"]) - set(EXACT)))
def test_typed_it_is_refused_before_any_work(precision):
    with pytest.raises(ValueError, match=REFUSED):
        configuration("resnet18-cifar10", "smoke", assignments=[f"precision={precision}"], engine="wavefront")
    made = configuration("resnet18-cifar10", "smoke", assignments=[f"precision={precision}"], engine="replay")
    assert made.precision == precision
    with pytest.raises(ValueError, match=REFUSED):
        made.replace(engine="wavefront")
    assert configuration("mlp-digits", "smoke", assignments=[f"precision={precision}"], engine="wavefront")


class Coarse(TorchDispatchMode):
    """Rounds what is multiplied in float32 to TF32's 10 bits, as a GPU does."""

    PRODUCTS = {torch.ops.aten.convolution.default, torch.ops.aten.convolution_backward.default,
                torch.ops.aten.mm.default, torch.ops.aten.addmm.default, torch.ops.aten.bmm.default}  # fmt: skip

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        if function in self.PRODUCTS:
            args = [self.rounded(arg) for arg in args]
        return function(*args, **(kwargs or {}))

    @staticmethod
    def rounded(arg):
        if not isinstance(arg, torch.Tensor) or arg.dtype != torch.float32:
            return arg
        bits = arg.contiguous().view(torch.int32) + BIG // 2
        return (bits & ~(BIG - 1)).view(torch.float32)


@pytest.mark.parametrize("form, fits", [("resnet50", False), ("resnet50, group", False), ("mlp", True),
                                        ("transformer", True)])  # fmt: skip
def test_why_tf32_is_refused_too_under_the_wavefront(form, fits):
    """Simulated: a step in a stack is as far from the single step as a check must not allow."""
    config = config_of(form, width=8 if form == "transformer" else 2, batch_size=4)
    problem = build(config, data_of(config), 0)
    maps, state, gaps = Maps(problem.update, problem.batches, jobs(config)[0].plan(config), None), problem.start, []
    with Coarse():
        for letter in range(3):
            batch = maps.batch(letter)
            plain = maps.apply(letter, state, batch)
            stacked = row(maps.stacked(letter, copies(state, 3), batch), 1)
            gap, allowed = difference(state, stacked, plain, ROUNDING["tf32"])
            gaps.append(gap / allowed)
            state = plain
    assert (max(gaps) <= 1) == fits and max(gaps) > 0


def convolutions(norm):
    """A model of somebody's own on digits."""
    layers = [torch.nn.Unflatten(1, (1, 8)), torch.nn.Conv2d(1, 4, 3), norm(4), torch.nn.ReLU(), torch.nn.Flatten(),
              torch.nn.Linear(4 * 6 * 6, 10)]  # fmt: skip
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Unflatten(1, (8, 8)), *layers)


@pytest.mark.parametrize("norm", ["BatchNorm2d", "InstanceNorm2d"])
@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_ones_own_model_with_such_a_layer_is_refused_before_any_work(norm, precision, tmp_path):
    with empty_registry():
        ro.experiments.register_model("net", lambda shape, classes: convolutions(getattr(torch.nn, norm)))
        config = Config("own", "smoke", model="net", precision=precision, **TINY)
        for work in (lambda: build(config, load(config), 0), lambda: estimate(config),
                     lambda: ro.experiments.run(config, tmp_path / "r")):  # fmt: skip
            with pytest.raises(ValueError, match=REFUSED):
                work()
        found = trained(config.replace(engine="replay"), tmp_path)
        assert "then again" not in found.engine and f"{precision}, NOT exact" in found.engine
        assert build(config.replace(precision="float64"), load(config), 0)
