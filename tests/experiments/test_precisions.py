"""Named options that trade exactness for speed: marked, checked with a tolerance of their own, and put back."""

from __future__ import annotations

import threading

import pytest
import torch
from second_device import second_device

import revorder as ro
from revorder.engines import rounding
from revorder.engines.audit import Audit
from revorder.engines.gaps import difference
from revorder.engines.maps import Maps
from revorder.experiments import Config, build, load, run
from revorder.experiments.arithmetic import arithmetic_of, best_device, products
from revorder.experiments.configs import CHOICES, EXACT
from revorder.experiments.job import ROUNDING
from revorder.experiments.typed import configuration, described
from revorder.running.carrying import carry_out

SMALL = Config("small", "smoke", steps=30, stride=6, seeds=1, width=4, train_examples=200, test_examples=50,
               train_measured=50)  # fmt: skip
BACKENDS = torch.backends
NEWER = [(BACKENDS.cuda.matmul, "fp32_precision"), (BACKENDS.cudnn.conv, "fp32_precision")]
REPEATABLE = [(BACKENDS.cudnn, "deterministic"), (BACKENDS.cudnn, "benchmark")]
OLDER = [(BACKENDS.cuda.matmul, "allow_tf32"), (BACKENDS.cudnn, "allow_tf32")]


def now(places):
    return [getattr(*place) for place in places]


@pytest.fixture(params=["newer", "older"])
def settings(request, monkeypatch):
    """The names of torch's settings, by either of its two sets of names; all is put back."""
    if request.param == "newer" and not rounding.is_newer():
        pytest.skip("this torch has the older names only")
    before = now(OLDER)
    if request.param == "older":
        monkeypatch.setattr(rounding, "is_newer", lambda: False)
    newer = NEWER, {"ieee": "ieee", "tf32": "tf32"}
    yield newer if request.param == "newer" else (OLDER, {"ieee": False, "tf32": True})
    for place, value in zip(OLDER, before, strict=True):
        setattr(*place, value)


@pytest.mark.parametrize("precision", CHOICES["precision"])
@pytest.mark.parametrize("outside", ["ieee", "tf32"])
def test_products_are_those_of_the_precision_and_then_as_before(settings, precision, outside):
    places, values = settings
    for place in places:
        setattr(*place, values[outside])
    with arithmetic_of(SMALL.replace(precision=precision)):
        assert now(places) == [values["tf32" if precision == "tf32" else "ieee"]] * 2
    assert now(places) == [values[outside]] * 2


@pytest.mark.parametrize("outside", [[False, True], [True, False]])
def test_convolutions_repeat_to_the_bit_and_then_as_before(monkeypatch, outside):
    for place, value in zip(REPEATABLE, outside, strict=True):
        monkeypatch.setattr(*place, value)
    with arithmetic_of(SMALL):
        assert now(REPEATABLE) == [True, False]
    assert now(REPEATABLE) == outside


@pytest.mark.parametrize("multiplied", ["ieee", "tf32"])
def test_a_run_of_ones_own_allows_what_the_gpu_rounds(settings, multiplied, monkeypatch):
    """torch's convolutions are in TF32 by default: two of its own kernels for one step are then that far apart."""
    for place in rounding.gpu_places():
        setattr(*place, settings[1][multiplied])
    coarse = rounding.TF32 if multiplied == "tf32" else 0.0
    with second_device(monkeypatch) as there:
        kinds = torch.float32, torch.float64
        states = [{"params": torch.ones(2, dtype=kind, device=there)} for kind in kinds]
        assert [rounding.product_rounding(state) for state in states] == [coarse, 0.0]
        plan, seen = ro.plan("forward", [3]), []
        maps = Maps(lambda x, b: x - b, torch.ones(3).to(there), plan, None)
        carry_out(plan, engine=ro.Replay(), maps=maps, start=torch.ones(()).to(there), record=None, progress=False,
                  metrics={"now": lambda x: seen.append(maps.audit.rounding) or 0.0}, provenance={})  # fmt: skip
        assert set(seen) == {coarse}
    assert rounding.product_rounding({"params": torch.ones(2)}) == 0.0


def test_they_stay_until_the_last_has_left(settings):
    places, values = settings
    for place in places:
        setattr(*place, values["tf32"])
    one, other = products("ieee"), products("ieee")
    one.__enter__()
    other.__enter__()
    one.__exit__(None, None, None)
    assert now(places) == [values["ieee"]] * 2
    other.__exit__(None, None, None)
    assert now(places) == [values["tf32"]] * 2


def test_two_experiments_side_by_side_cannot_multiply_differently(tmp_path):
    said = []

    def other():
        try:
            run(SMALL.replace(precision="tf32"), tmp_path / "r")
        except ValueError as error:
            said.append(str(error))

    with products("ieee"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert "precision: another experiment of this process multiplies in ieee, and this one would in tf32" in said[0]


def test_what_is_not_exact_is_marked(tmp_path):
    for precision in CHOICES["precision"]:
        config = SMALL.replace(precision=precision)
        assert config.exact == (precision in EXACT) == ("NOT exact" not in described(config, "cpu"))
        found = run(config, tmp_path / precision).finished()["backward", 0]
        assert (f"{precision}, NOT exact" in found.engine) == (precision not in EXACT)
        assert (found.metrics["test loss"] < 3).all()
    assert set(ROUNDING) == set(CHOICES["precision"]) - set(EXACT)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_sixteen_bits_are_near_but_not_exact(precision, engine, tmp_path):
    """Spot checks pass at once, and nothing has to be made again."""
    found = {each: run(SMALL.replace(precision=each, engine=engine), tmp_path / each).finished()["backward", 0]
             for each in ("float32", precision)}  # fmt: skip
    losses = [found[each].metrics["test loss"][-1] for each in ("float32", precision)]
    assert 0 < abs(losses[0] - losses[1]) < 0.1
    assert "then again" not in found[precision].engine and "checked" in found[precision].engine


def test_the_tolerance_is_the_options_own():
    before, plain = torch.zeros(1000), torch.ones(1000)
    for coarse, allowed in ((0.0, 1e-3), (2.0**-10, 0.05), (2.0**-7, 0.12)):
        assert difference(before, 1.0001 * plain, plain, coarse)[1] == pytest.approx(allowed, rel=0.3)
    audit = Audit(lambda x, b: x, lambda letter: 0, None, str)
    off = plain * 1.01  # a hundredth of the step
    assert not audit._agrees(before, off, plain, 0)
    audit.rounding = ROUNDING["bf16"]
    assert audit._agrees(before, off, plain, 0) and not audit._agrees(before, 1.3 * plain, plain, 0)


def test_the_state_itself_is_not_allowed_more():
    """What is kept in float32 is rounded as float32 is, however small the step."""
    large = torch.full((1000,), 1e6)
    step = 1e-3
    gap, allowed = difference(large, large + 2 * 64, large + 64, ROUNDING["bf16"])
    assert gap > allowed > 0.05 and step < 64


def test_compiled_is_an_option_of_the_wavefront():
    assert configuration("mlp-digits", "smoke", assignments=["compile=true"], engine="wavefront").compile
    with pytest.raises(ValueError, match="compile: got True, but replay"):
        SMALL.replace(compile=True, engine="replay")
    with pytest.raises(TypeError, match="compile: got 1"):
        SMALL.replace(compile=1)
    assert ", compiled, on cpu" in described(SMALL.replace(compile=True), "cpu")


def test_compiled_steps_agree_to_rounding(tmp_path, compiler):
    config = SMALL.replace(optimizer="adam", lr=0.01, precision="float64", orders=["backward"])
    plain, compiled = (run(config.replace(compile=each), tmp_path / str(each)).finished()["backward", 0]
                       for each in (False, True))  # fmt: skip
    assert abs(plain.metrics["test loss"] - compiled.metrics["test loss"]).max() < 1e-9
    assert "not compiled" not in compiled.engine and "not traced" not in compiled.engine


def test_autocast_is_inside_the_model():
    data = load(SMALL)
    for precision, dtype in (("bf16", torch.bfloat16), ("fp16", torch.float16)):
        problem = build(SMALL.replace(precision=precision), data, 0)
        assert problem.metrics["test loss"].function.model.dtype == dtype
        assert all(leaf.dtype == torch.float32 for leaf in problem.start["params"].values())


@pytest.mark.parametrize("there", [True, False])
def test_the_best_device_is_the_gpu_where_there_is_one(monkeypatch, there):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert best_device() == ("cuda" if there else "cpu")
