"""Residual networks: as large as the published ones, made from their seed alone, and the same in every engine."""

from __future__ import annotations

import pytest
import torch
from family import distance, same_bits
from torch import nn
from torch.nn.functional import cross_entropy

import revorder as ro
from revorder.engines import kernels
from revorder.models.resnets import _group_norm
from revorder.pytrees import copies

NETS = {"18": ro.models.resnet18, "50": ro.models.resnet50}
norms = pytest.mark.parametrize("norm", ["batch", "group"])
nets = pytest.mark.parametrize("net", NETS)


def count(model):
    return sum(param.numel() for param in model.parameters())


@norms
def test_as_many_parameters_as_the_published_ones(norm):
    with torch.device("meta"):
        assert count(ro.models.resnet18(norm=norm)) == 11173962
        assert count(ro.models.resnet50(classes=100, norm=norm)) == 23705252


@norms
@nets
def test_shapes(net, norm):
    model = NETS[net](1, 7, norm=norm, width=4)
    assert model(torch.zeros(2, 1, 32, 32)).shape == (2, 7)
    sides = []
    for layer in model:
        layer.register_forward_hook(lambda layer, inputs, output: sides.append(output.shape[-1]))
    model(torch.zeros(2, 1, 32, 32))
    assert sides == [32, 32, 32, 32, 16, 8, 4, 1, 4 * 8 * (1 if net == "18" else 4), 7]


def test_layers_by_name():
    names = [name for name, _ in ro.models.resnet18(width=2).named_parameters()]
    assert names[:2] == ["conv.weight", "norm.weight"]
    assert {"stage1.0.body.conv1.weight", "stage2.0.shortcut.conv.weight", "head.bias"} <= set(names)
    convolutions = [m for m in ro.models.resnet50(width=2).modules() if isinstance(m, nn.Conv2d)]
    assert len(convolutions) == 1 + 3 * (3 + 4 + 6 + 3) + 4  # with the linear layer 50, and four on shortcuts


def test_a_block_is_relu_of_body_plus_shortcut():
    model = ro.models.resnet18(width=4).eval()
    x = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    block = model.stage1[0]
    conv1, norm1, _, conv2, norm2 = block.body
    assert torch.equal(block(x), torch.relu(norm2(conv2(torch.relu(norm1(conv1(x))))) + x))
    first = model.stage2[0]
    assert first.shortcut.conv.stride == (2, 2)
    assert torch.equal(first(x), torch.relu(first.body(x) + first.shortcut.norm(first.shortcut.conv(x))))


def test_convolutions_are_initialised_after_he():
    model = ro.models.resnet18()
    for name, weight in model.named_parameters():
        if weight.ndim == 4:
            out, _, height, width = weight.shape
            expected = (2 / (out * height * width)) ** 0.5
            assert weight.std().item() == pytest.approx(expected, rel=6 / (2 * weight.numel()) ** 0.5), name


@nets
def test_made_from_the_seed_alone(net):
    torch.manual_seed(1)
    first, before = NETS[net](width=2), torch.random.get_rng_state()
    torch.manual_seed(2)
    same, other = NETS[net](width=2), NETS[net](width=2, seed=1)
    assert same_bits(dict(first.named_parameters()), dict(same.named_parameters()))
    assert distance(dict(first.named_parameters()), dict(other.named_parameters())) > 0.1
    torch.manual_seed(1)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_groups_divide_the_channels():
    assert [_group_norm(channels).num_groups for channels in (1, 2, 3, 4, 6, 8, 64, 96, 2048)] == [
        1, 1, 1, 2, 3, 4, 32, 32, 32,
    ]  # fmt: skip


@norms
def test_group_norm_has_no_buffers_and_treats_examples_on_their_own(norm):
    model = ro.models.resnet18(width=4, norm=norm).double()
    x = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    together, alone = model(x), torch.cat([model(x[i : i + 1]) for i in range(3)])
    assert (distance(together, alone) < 1e-10) == (norm == "group")
    assert (len(list(model.buffers())) == 0) == (norm == "group")


def images(steps=3):
    """Of 16 x 16 pixels: at 8 x 8 the last stage has one, so group norm has two numbers and magnifies rounding."""
    draw = torch.Generator().manual_seed(2)
    inputs = torch.randn(20, 3, 16, 16, generator=draw, dtype=torch.float64)
    targets = torch.randint(0, 10, (20,), generator=draw)
    return ro.batches.Minibatches((inputs, targets), ro.batches.iid(20, 5, steps, seed=3))


def problem(make, norm, **options):
    loss, params = ro.module_loss(make(width=4, norm=norm, **options).double(), cross_entropy)
    update = ro.sgd(loss, 1e-3, momentum=0.9)  # small: so narrow a network is stiff
    return update, update.init(params)


@norms
@nets
def test_engines_agree(net, norm):
    update, start = problem(NETS[net], norm)

    def states(order, engine):
        return ro.run(update, start, images(), order, [1, 2, 3], engine=engine, progress=False).states

    found = {order: states(order, "replay") for order in ("forward", "backward")}
    for order, expected in found.items():
        assert distance(expected, states(order, "wavefront")) <= 1e-9
    assert distance(found["forward"]["params"], found["backward"]["params"]) > 1e-4


@norms
def test_the_step_is_traced(norm, monkeypatch):
    """Blocks of our own draw nothing at random, so that the wavefront may replay a graph of the step."""
    update, start = problem(ro.models.resnet18, norm)
    assert update.keyless
    monkeypatch.setattr(kernels, "WORTH_TRACING", 1)
    monkeypatch.setattr(kernels, "SETTLED", 1)
    traces = []
    make_fx = kernels.make_fx
    monkeypatch.setattr(kernels, "make_fx", lambda step, **how: traces.append(step) or make_fx(step, **how))
    replay, wavefront = (
        ro.run(update, start, images(), "backward", [2], engine=engine, progress=False)
        for engine in ("replay", "wavefront")
    )
    assert traces
    assert "not traced" not in wavefront.engine
    assert distance(replay.states, wavefront.states) <= 1e-9


@norms
def test_replay_is_training_the_module(norm):
    model = ro.models.resnet18(width=4, norm=norm).double()
    loss, params = ro.module_loss(model, cross_entropy)
    update, batches = ro.sgd(loss, 0.01, momentum=0.9), images()
    end = ro.run(update, update.init(params), batches, "backward", [3], engine="replay", progress=False).state(3)
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
    for number in (2, 1, 0):
        optimizer.zero_grad()
        cross_entropy(model(batches[number][0]), batches[number][1]).backward()
        optimizer.step()
    assert distance(update.params(end), dict(model.named_parameters())) <= 1e-10
    assert update.buffers(end).keys() == dict(model.named_buffers()).keys()
    if norm == "batch":
        assert distance(update.buffers(end), dict(model.named_buffers())) <= 1e-10


@norms
@nets
def test_a_step_on_the_meta_device(net, norm):
    """A tensor made on the CPU anywhere on the way would raise here, as it would on a GPU."""
    with torch.device("meta"):
        model = NETS[net](norm=norm)
    loss, params = ro.module_loss(model, cross_entropy)
    update = ro.sgd(loss, 0.1, momentum=0.9)
    batch = torch.empty(4, 3, 32, 32, device="meta"), torch.empty(4, dtype=torch.int64, device="meta")
    after = update(update.init(params), batch)
    assert all(leaf.is_meta for leaf in after["params"].values())
    stacked = torch.vmap(lambda state: update(state, batch))(copies(after, 3))
    assert stacked["params"]["head.bias"].shape == (3, 10)


def test_what_blocks_hold_still_counts():
    model = ro.models.resnet18(width=2)
    batch = torch.rand(2, 3, 8, 8), torch.tensor([0, 1])
    for drawing in (False, True):
        loss, params = ro.module_loss(model, cross_entropy)
        loss(params, batch)
        assert loss.stochastic is drawing
        model.stage1.append(nn.Dropout(0.1))


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (lambda: ro.models.resnet18(norm="layer"), ValueError, "norm: got 'layer', but it must be one of 'batch'"),
        (lambda: ro.models.resnet50(0), ValueError, "channels: got 0"),
        (lambda: ro.models.resnet18(width=2.5), TypeError, "width: got 2.5"),
        (lambda: ro.models.resnet18(classes=0), ValueError, "classes: got 0"),
    ],
)
def test_bad_input(bad, error, says):
    with pytest.raises(error, match=says):
        bad()
