"""On a GPU: what no simulated device can show, which are its arithmetic, its generators and its memory."""

from __future__ import annotations

import pytest
import torch
from family import CASES, CHECKPOINTS, ORDERS, STEPS, Case, distance, literally, run, same_bits
from second_device import THERE, lies_there, needs_gpu
from torch.nn.functional import cross_entropy
from torch.utils import _pytree as pytree

import revorder as ro
from revorder.experiments import Config, experiment
from revorder.experiments import run as carry_out
from revorder.experiments.arithmetic import products
from revorder.pytrees import row

pytestmark = needs_gpu
DRAWN = {"dropout", "augmentation", "AdamW, CNN with dropout"}  # by the GPU's own generator, so unlike on the CPU
MLP, CNN = ro.models.mlp, ro.models.small_cnn


def moved(tree):
    return pytree.tree_map(lambda leaf: leaf.to(THERE), tree)


def there(name):
    """A case of the family with its tensors on the GPU."""
    case = CASES[name]()
    if isinstance(case.batches, torch.Tensor):
        return Case(case.update, moved(case.start), moved(case.batches))
    return Case(case.update, moved(case.start), ro.batches.Minibatches(moved(case.batches.data), case.batches.index))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_engines_agree_with_the_definition(order, name):
    case = there(name)
    replay = run(case, order, engine="replay")
    assert lies_there(replay.states)
    for i, n in enumerate(CHECKPOINTS):
        assert distance(row(replay.states, i), literally(case, order.word(n))) <= 1e-12
    for engine in ("wavefront", ro.Wavefront(max_states=2), "auto"):
        found = run(case, order, engine=engine)
        assert lies_there(found.states) and distance(found.states, replay.states) <= 1e-12
    here = run(CASES[name](), order, engine="replay")
    assert (distance(moved(here.states), replay.states) > 1e-9) is (name in DRAWN)


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_order_is_told_apart(name):
    case = there(name)
    assert distance(run(case, "forward").states, run(case, "backward").states) > 1e-9


@pytest.mark.parametrize("name", ["MLP", "CNN with BatchNorm", "Adam"])
def test_compiled_steps(name):
    case = there(name)
    found = run(case, "backward", engine=ro.Wavefront(compile=True))
    assert distance(found.states, run(case, "backward", engine="replay").states) <= 1e-12
    assert not any(words in found.engine for words in ("not traced", "left out", "then again"))


def images(side, channels, dtype):
    random = torch.Generator().manual_seed(0)
    inputs = torch.randn(48, channels, side, side, generator=random).to(THERE, dtype)
    data = inputs, torch.randint(10, (48,), generator=random).to(THERE)
    return ro.batches.Minibatches(data, ro.batches.iid(48, 8, STEPS, seed=1))


MODELS = {
    "perceptron": (lambda: MLP(64, 32, 10), 8, 1),
    "small CNN": (lambda: CNN(), 8, 1),
    "ResNet-18": (lambda: ro.models.resnet18(width=16), 32, 3),
}


def trained(name, steps, engine, dtype=torch.float32):
    make, side, channels = MODELS[name]
    loss, params = ro.module_loss(make().to(THERE, dtype), cross_entropy)
    update, batches = ro.sgd(loss, 0.05), images(side, channels, dtype)
    return ro.run(update, update.init(params), batches, "backward", steps, engine=engine, progress=False)


@pytest.mark.parametrize("kind", ["ieee", "tf32"])
@pytest.mark.parametrize("name", MODELS)
def test_replay_gives_the_same_bits_in_experiments(name, kind):
    """Again and again, for any checkpoints."""
    with products(kind):
        one, other = trained(name, [3, 6, STEPS], "replay"), trained(name, [STEPS, 6], "replay")
    assert all(same_bits(one.state(n), other.state(n)) for n in (6, STEPS))
    assert "nondeterministic" not in one.engine


@pytest.mark.parametrize("name", MODELS)
def test_elsewhere_it_does_or_says_that_it_does_not(name):
    """cuDNN's fastest convolutions add in any order."""
    one, other = trained(name, [STEPS], "replay"), trained(name, [STEPS], "replay")
    assert same_bits(one.states, other.states) or "nondeterministic kernels" in one.engine


@pytest.mark.parametrize("engine", ["wavefront", "auto"])
def test_resnets_agree_in_float64(engine):
    """In float32 rounding decides the side of some ReLU, after few steps, on a CPU too."""
    found, expected = (trained("ResNet-18", [2, 4], each, torch.float64) for each in (engine, "replay"))
    assert distance(found.states["params"], expected.states["params"]) <= 1e-8
    assert "left out" not in found.engine and "then again" not in found.engine


@pytest.mark.parametrize("name", MODELS)
def test_the_rounding_that_torch_takes_by_default_is_no_disagreement(name):
    """Convolutions in TF32: two kernels for the same step are up to 3 % of it apart."""
    found = trained(name, [2, 4], "wavefront")
    assert "left out" not in found.engine and "then again" not in found.engine


def test_draws_belong_to_the_batch_and_leave_the_generators_alone():
    case = there("dropout")
    torch.cuda.manual_seed_all(1)
    before = torch.cuda.get_rng_state_all()
    one = run(case, "shuffled", engine="replay")
    assert all(map(torch.equal, before, torch.cuda.get_rng_state_all()))
    torch.cuda.manual_seed_all(2)
    torch.rand(5, device=THERE)
    assert distance(run(case, "shuffled", engine="replay").states, one.states) <= 1e-12
    keys = [7 * i for i in range(STEPS)]
    assert distance(literally(case, (0, 1, 2)), literally(case, (0, 1, 2), keys)) > 1e-6


def test_what_draws_from_the_gpus_generator_beside_the_key_is_refused():
    batches = torch.zeros(STEPS, device=THERE)
    with pytest.raises(ValueError, match="update: "):
        ro.run(lambda x, b: x + torch.rand((), device=THERE), torch.zeros((), device=THERE), batches, "backward",
               [STEPS], progress=False)  # fmt: skip


def too_much_at_the_end(x, batch):
    return x - 0.1 * (x - (batch.new_empty(2**45) if len(batch) == STEPS else batch).mean())


@pytest.mark.parametrize("engine", ["replay", "wavefront"])
def test_a_full_memory_is_said_and_what_was_reached_is_kept(engine):
    start, batches = torch.zeros((), device=THERE), [torch.ones(n + 1, device=THERE) for n in range(STEPS)]
    with pytest.raises(MemoryError, match="there is too little memory") as caught:
        ro.run(too_much_at_the_end, start, batches, "forward", range(1, STEPS + 1), engine=engine, progress=False)
    assert caught.value.trajectory.steps == list(range(1, STEPS))
    afterwards = ro.run(too_much_at_the_end, start, batches[:-1], "forward", [STEPS - 1], progress=False)
    assert same_bits(afterwards.state(STEPS - 1), caught.value.trajectory.state(STEPS - 1))


def test_states_that_cannot_be_kept_are_refused_before_any_is_made():
    free, size = torch.cuda.mem_get_info(THERE)[0], 2**28
    kept = free // size + 1
    start, batches = torch.zeros(size // 4, device=THERE), torch.zeros(kept, device=THERE)
    with pytest.raises(MemoryError, match=f"checkpoints: {kept} states"):
        ro.run(lambda x, b: x + b, start, batches, "forward", range(1, kept + 1), progress=False)
    assert torch.cuda.max_memory_allocated(THERE) < 4 * size


def test_float32_means_float32():
    """And TF32 is TF32: it rounds to 10 bits first."""
    left, right = (torch.rand(256, 256, device=THERE, generator=torch.Generator(THERE).manual_seed(i)) for i in (0, 1))
    exact = left.double() @ right.double()
    apart = {}
    for kind in ("ieee", "tf32"):
        with products(kind):
            apart[kind] = ((left @ right) / exact - 1).abs().max().item()
    assert apart["ieee"] < 2e-6 < 1e-5 < apart["tf32"]


@pytest.mark.parametrize("precision", ["float32", "float64", "tf32", "bf16", "fp16"])
def test_every_precision(precision, tmp_path):
    config = experiment("mlp-digits", "smoke", precision=precision, seeds=1, steps=40, stride=20)
    frame = carry_out(config, tmp_path / precision, device="cuda").frame()
    losses = frame[(frame.metric == "test loss") & (frame.order == "backward")].sort_values("step").value
    here = carry_out(config, tmp_path / "here").frame()
    there = frame.merge(here, on=["order", "seed", "step", "metric"], suffixes=("", "_here"))
    assert len(there) == len(frame) and losses.iloc[-1] < 2.2
    assert (there.value - there.value_here).abs().max() <= {"float32": 2e-3, "float64": 1e-9}.get(precision, 0.1)


def test_a_result_says_which_gpu_and_is_read_without_one(tmp_path):
    found = run(there("MLP"), "backward")
    found.save(tmp_path / "run")
    loaded = ro.Trajectory.load(tmp_path / "run")
    assert found.provenance["device"] == torch.cuda.get_device_name(THERE) == loaded.provenance["device"]
    assert distance(moved(loaded.states), found.states) == 0


def test_an_experiment_says_so_too(tmp_path):
    folder = carry_out(Config("one", "smoke", steps=4, stride=2, seeds=1, train_examples=60), tmp_path / "one",
                       device="cuda")  # fmt: skip
    assert torch.cuda.get_device_name(THERE) in (folder.path / "card.json").read_text()
