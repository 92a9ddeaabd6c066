"""The transformer: as torch builds one, causal, made from its seed alone, and the same map in every engine."""

from __future__ import annotations

import copy

import pytest
import torch
from family import Case, distance, literally, same_bits, spelled
from family import run as run_case
from torch import nn

import revorder as ro
from revorder.engines import kernels
from revorder.models.transformers import Block
from revorder.updates.randomness import key_seed

VOCABULARY, CONTEXT, STEPS, SEED, LR = 11, 6, 8, 4, 0.1
ORDERS = [ro.Forward(), ro.Backward(), ro.BackwardWindow(3)]
CHECKPOINTS = [3, 5, STEPS]
engines = pytest.mark.parametrize("engine", ["replay", "wavefront"])
dropouts = pytest.mark.parametrize("dropout", [0.0, 0.3])


def small(dropout=0.0, seed=0, **sizes):
    return ro.models.transformer(VOCABULARY, CONTEXT, width=8, heads=2, dropout=dropout, seed=seed, **sizes).double()


def texts(steps=STEPS):
    """Batches of three pieces of random tokens."""
    tokens = torch.randint(0, VOCABULARY, (20, CONTEXT + 1), generator=torch.Generator().manual_seed(2))
    return ro.batches.Minibatches((tokens[:, :-1], tokens[:, 1:]), ro.batches.iid(20, 3, steps, seed=3))


def case(dropout=0.0, make=ro.sgd, **options):
    loss, params = ro.module_loss(small(dropout), ro.models.sequence_cross_entropy, seed=SEED)
    update = make(loss, LR, **options)
    return Case(update, update.init(params), texts())


def trained(dropout, word, mixed_up=False):
    """The parameters after a plain loop of torch; masks are drawn from the seed and the batch's number."""
    model, batches = small(dropout), texts()
    optimizer = torch.optim.SGD(model.parameters(), LR)
    with torch.random.fork_rng():
        for number in word:
            torch.manual_seed(key_seed(SEED, number + mixed_up))
            tokens, targets = batches[number]
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(tokens).transpose(1, 2), targets).backward()
            optimizer.step()
    return {name: param.detach() for name, param in model.named_parameters()}


def test_a_block_is_what_torch_calls_an_encoder_layer():
    block = Block(8, 2, 0.0).double()
    theirs = nn.TransformerEncoderLayer(8, 2, 32, 0.0, "gelu", batch_first=True, norm_first=True).double()
    named = {"norm1": "norm1", "norm2": "norm2", "perceptron.0": "linear1", "perceptron.2": "linear2",
             "attention.outwards": "self_attn.out_proj"}  # fmt: skip
    own = block.state_dict()
    values = {f"{there}.{kind}": own[f"{here}.{kind}"] for here, there in named.items() for kind in ("weight", "bias")}
    values |= {f"self_attn.in_proj_{kind}": own[f"attention.inwards.{kind}"] for kind in ("weight", "bias")}
    theirs.load_state_dict(values)
    x = torch.randn(3, CONTEXT, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    later = nn.Transformer.generate_square_subsequent_mask(CONTEXT, dtype=torch.float64)
    assert distance(block(x), theirs(x, src_mask=later)) <= 1e-12
    assert distance(block(x), theirs(x)) > 1e-3


def test_shapes_and_parameters():
    model = ro.models.transformer(72)
    assert model(torch.zeros(3, 32, dtype=torch.int64)).shape == (3, 32, 72)
    assert model(torch.zeros(3, 5, dtype=torch.int64)).shape == (3, 5, 72)
    blocks = 2 * (4 * 64 * 64 + 4 * 64 + 8 * 64 * 64 + 5 * 64 + 4 * 64)  # attention, perceptron, two norms
    expected = (72 + 32) * 64 + blocks + 2 * 64 + 72 * 64 + 72
    assert sum(param.numel() for param in model.parameters()) == expected == 111_432
    assert list(model.buffers()) == []


def test_no_position_sees_a_later_one():
    model, tokens = small(), torch.arange(CONTEXT)[None]
    for place in range(CONTEXT):
        changed = tokens.clone()
        changed[0, place] = VOCABULARY - 1
        moved = (model(changed) - model(tokens)).abs().amax(-1)[0]
        assert (moved[:place] == 0).all() and (moved[place:] > 1e-6).all()


def test_made_from_the_seed_alone():
    torch.manual_seed(1)
    first, before = small(), torch.random.get_rng_state()
    torch.manual_seed(2)
    same, other = small(), small(seed=1)
    assert same_bits(dict(first.named_parameters()), dict(same.named_parameters()))
    assert distance(dict(first.named_parameters()), dict(other.named_parameters())) > 0.1
    torch.manual_seed(1)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_the_loss_is_the_mean_over_positions():
    logits = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    targets = torch.tensor([[0, 1, 2], [3, 0, 1]])
    by_hand = [-logits[b, t].log_softmax(0)[targets[b, t]] for b in range(2) for t in range(3)]
    assert abs(ro.models.sequence_cross_entropy(logits, targets) - sum(by_hand) / 6) <= 1e-14


@dropouts
@engines
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_engines_train_as_a_plain_loop_does(engine, order, dropout):
    own = case(dropout)
    found = run_case(own, order, CHECKPOINTS, engine=engine)
    for row, word in enumerate(spelled(order, CHECKPOINTS)):
        after = {name: values[row] for name, values in own.update.params(found.states).items()}
        assert distance(after, trained(dropout, word)) <= 1e-12
        assert distance(after, trained(dropout, word[::-1])) > 1e-4  # another order is told apart
        assert (distance(after, trained(dropout, word, mixed_up=True)) > 1e-4) == (dropout > 0)  # and other masks


@engines
@pytest.mark.parametrize("make", [lambda loss, lr: ro.sgd(loss, lr, momentum=0.9), ro.adam], ids=["momentum", "Adam"])
def test_other_updates(engine, make):
    own = case(0.3, make)
    found = run_case(own, ro.Backward(), CHECKPOINTS, engine=engine)
    for row, word in enumerate(spelled(ro.Backward(), CHECKPOINTS)):
        expected = literally(own, word)
        assert distance({name: leaf[row] for name, leaf in found.states["params"].items()}, expected["params"]) <= 1e-9


@dropouts
def test_the_step_is_traced_unless_something_is_drawn(monkeypatch, dropout):
    monkeypatch.setattr(kernels, "WORTH_TRACING", 1)
    monkeypatch.setattr(kernels, "SETTLED", 1)
    traces, make_fx = [], kernels.make_fx
    monkeypatch.setattr(kernels, "make_fx", lambda step, **how: traces.append(step) or make_fx(step, **how))
    own = case(dropout)
    replay, wavefront = (run_case(own, ro.Backward(), CHECKPOINTS, engine=name) for name in ("replay", "wavefront"))
    assert bool(traces) == (dropout == 0) and "not traced" not in wavefront.engine
    assert distance(replay.states, wavefront.states) <= 1e-12


def test_evaluation_drops_nothing():
    model, tokens = small(0.3), torch.arange(CONTEXT)[None]
    assert distance(copy.deepcopy(model).eval()(tokens), small()(tokens)) == 0
    assert distance(model(tokens), small()(tokens)) > 1e-3


def test_a_step_on_the_meta_device():
    """A tensor made on the CPU anywhere on the way would raise here, as it would on a GPU."""
    with torch.device("meta"):
        model = ro.models.transformer(72)
    loss, params = ro.module_loss(model, ro.models.sequence_cross_entropy)
    update = ro.sgd(loss, 0.1)
    batch = torch.empty(2, 4, 32, dtype=torch.int64, device="meta").unbind(0)
    after = update(update.init(params), batch)
    assert all(leaf.is_meta for leaf in after["params"].values())


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (lambda: ro.models.transformer(0), ValueError, "vocabulary: got 0"),
        (lambda: ro.models.transformer(5, 2.5), TypeError, "context: got 2.5"),
        (lambda: ro.models.transformer(5, width=6), ValueError, "width: got 6, but it must be a multiple of the 4"),
        (lambda: ro.models.transformer(5, dropout=1.5), ValueError, "dropout"),
        (lambda: small()(torch.zeros(1, CONTEXT + 1, dtype=torch.int64)), ValueError, "tokens: got 7 in a row"),
    ],
)
def test_bad_input(bad, error, says):
    with pytest.raises(error, match=says):
        bad()
