"""The kernel against the textbook's loops, the textbook against torch.optim.SGD, and what the kernel refuses."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, mse_loss

from revorder.fast import run, textbook

pytest.importorskip("numba")


@dataclass(frozen=True)
class Kind:
    sizes: tuple[int, ...] = (64, 32, 10)
    activations: tuple[str, ...] = ("relu",)
    loss: str = "cross-entropy"
    lr: float = 0.1
    momentum: float = 0.0


DEEP = Kind((7, 33, 17, 20, 3), ("tanh", "relu", "tanh"))
KINDS = [
    Kind(),
    DEEP,
    Kind((5, 3), ()),
    Kind((1, 16, 1), ("tanh",), lr=0.01),
    Kind((4, 5, 40), ("relu",)),
    Kind((1, 1), ()),
]
TIGHT = {"float32": 1e-5, "float64": 1e-13}


def problem(kind, states=5, ticks=9, batch=8, dtype="float64"):
    """Leaves, inputs, targets (a tenth of the labels ignored) and begins, some at the very end."""
    rng = np.random.default_rng(0)
    layers = list(zip(kind.sizes, kind.sizes[1:], strict=False)) * (2 if kind.momentum else 1)
    leaves = [rng.normal(size=(states, *shape)) / np.sqrt(i) for i, o in layers for shape in ((o, i), (o,))]
    inputs, targets = rng.normal(size=(ticks, batch, kind.sizes[0])), rng.normal(size=(ticks, batch, kind.sizes[-1]))
    if kind.loss == "cross-entropy":
        targets = targets.argmax(2)
        targets[rng.random(targets.shape) < 0.1] = -100
    else:
        targets = targets.astype(dtype)
    begins = rng.integers(0, ticks + 1, states)
    begins[0] = ticks
    return [leaf.astype(dtype) for leaf in leaves], inputs.astype(dtype), targets, begins


def by_kernel(kind, leaves, inputs, targets, begins, threads=1):
    after = [leaf.copy() for leaf in leaves]
    run.advance(kind, after, inputs, targets, begins, threads)
    return after


def by_textbook(kind, leaves, inputs, targets, begins):
    after = [leaf.astype(float) for leaf in leaves]
    textbook.advance(kind, after, inputs.astype(float), targets, begins)
    return after


def by_torch(kind, leaves, inputs, targets, begin):
    """State 0 by torch.optim.SGD in float64, from no velocity."""
    count = 2 * len(kind.sizes) - 2
    state = [torch.tensor(leaf[0], dtype=torch.float64, requires_grad=True) for leaf in leaves[:count]]
    optimizer = torch.optim.SGD(state, kind.lr, kind.momentum)
    for x, y in zip(torch.tensor(inputs[begin:]).double(), torch.tensor(targets[begin:]), strict=True):
        for i, name in enumerate([*kind.activations, None]):
            x = torch.nn.functional.linear(x, *state[2 * i : 2 * i + 2])
            x = x if name is None else getattr(torch, name)(x)
        optimizer.zero_grad()
        (mse_loss if kind.loss == "square" else cross_entropy)(x, y).backward()
        optimizer.step()
    return [leaf.detach().numpy() for leaf in state]


def gap(some, others):
    return max(np.abs(a - b).max() for a, b in zip(some, others, strict=True))


@pytest.mark.parametrize("loss", ["cross-entropy", "square"])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.sizes)))
def test_textbook_is_torch(kind, momentum, loss):
    kind = replace(kind, loss=loss, momentum=momentum)
    leaves, inputs, targets, _ = problem(kind, states=1)
    for velocity in leaves[2 * len(kind.sizes) - 2 :]:
        velocity[:] = 0
    after = by_textbook(kind, leaves, inputs, targets, [2])
    reference = by_torch(kind, leaves, inputs, targets, 2)
    assert gap([leaf[0] for leaf in after[: len(reference)]], reference) < 1e-14


@pytest.mark.parametrize("dtype", TIGHT)
@pytest.mark.parametrize("loss", ["cross-entropy", "square"])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: "-".join(map(str, kind.sizes)))
def test_kernel_is_the_textbook(kind, momentum, loss, dtype):
    kind = replace(kind, loss=loss, momentum=momentum)
    for batch in (1, 3, 8, 13, 32):
        given = problem(kind, batch=batch, dtype=dtype)
        after = by_kernel(kind, *given, threads=2)
        assert gap(after, by_textbook(kind, *given)) < TIGHT[dtype]
        assert gap([leaf[:1] for leaf in after], [leaf[:1] for leaf in given[0]]) == 0  # it begins at the end


def test_another_order_is_told_apart():
    leaves, inputs, targets, begins = problem(DEEP)
    after = by_kernel(DEEP, leaves, inputs, targets, begins)
    assert gap(after, by_textbook(DEEP, leaves, inputs[::-1], targets[::-1], begins)) > 1e-3


@pytest.mark.parametrize(("dtype", "most"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
def test_two_thousand_steps_on_digits(dtype, most):
    import revorder as ro

    made = ro.problems.digits_mlp(lr=0.1, batch_size=8, steps=2000)
    pairs = [made.batches[i] for i in range(1999, -1, -1)]
    inputs, targets = (torch.stack(leaf).numpy() for leaf in zip(*pairs, strict=True))
    leaves = [leaf.detach().to(dtype).numpy()[None].repeat(2, 0) for leaf in made.update.loss.model.parameters()]
    after = by_kernel(Kind(), leaves, inputs.astype(leaves[0].dtype), targets, np.array([0, 1990]))
    for state, begin in enumerate((0, 1990)):
        assert (
            gap([leaf[state] for leaf in after], by_torch(Kind(), leaves, inputs.reshape(2000, 8, 64), targets, begin))
            < most
        )


def test_bits_depend_on_neither_threads_nor_neighbours_nor_strides():
    leaves, inputs, targets, begins = problem(DEEP, states=12, dtype="float32")
    after = by_kernel(DEEP, leaves, inputs, targets, begins)
    assert gap(by_kernel(DEEP, leaves, inputs, targets, begins, threads=3), after) == 0
    alone = by_kernel(DEEP, [leaf[3:4] for leaf in leaves], inputs, targets, begins[3:4])
    assert gap(alone, [leaf[3:4] for leaf in after]) == 0
    wide = [np.full((24, *leaf.shape[1:]), 7, "float32") for leaf in leaves]
    for held, leaf in zip(wide, leaves, strict=True):
        held[::2] = leaf
    run.advance(DEEP, [held[::2] for held in wide], inputs, targets, begins, 2)
    assert gap([held[::2] for held in wide], after) == 0 and all((held[1::2] == 7).all() for held in wide)


def test_many_small_groups_of_states(monkeypatch):
    given = problem(DEEP, states=12)
    after = by_kernel(DEEP, *given)
    monkeypatch.setattr(run, "TOGETHER", 1)
    assert gap(by_kernel(DEEP, *given), after) == 0


def test_arrays_of_images_that_are_read_only():
    leaves, inputs, targets, begins = problem(Kind())
    images = np.broadcast_to(inputs.reshape(9, 8, 1, 8, 8), (9, 8, 1, 8, 8))
    assert (
        gap(by_kernel(Kind(), leaves, images, targets, begins), by_kernel(Kind(), leaves, inputs, targets, begins)) == 0
    )


def test_batches_all_ignored_change_nothing():
    leaves, inputs, targets, begins = problem(Kind())
    assert gap(by_kernel(Kind(), leaves, inputs, np.full_like(targets, -100), begins), leaves) == 0


@pytest.mark.parametrize("kind", [Kind(lr=1e30), replace(DEEP, loss="square", lr=1e200)])
def test_divergence_is_seen_and_stays_with_its_state(kind):
    leaves, inputs, targets, _ = problem(kind, states=3)
    begins = np.array([9, 0, 9])
    leaves[0][1] *= 1e200
    after = by_kernel(kind, leaves, inputs, targets, begins)
    assert not all(np.isfinite(leaf[1]).all() for leaf in after)
    assert gap([leaf[::2] for leaf in after], [leaf[::2] for leaf in leaves]) == 0


def test_no_states_and_no_ticks():
    leaves, inputs, targets, begins = problem(Kind())
    assert gap(by_kernel(Kind(), leaves, inputs[:0], targets[:0], begins * 0), leaves) == 0
    assert by_kernel(Kind(), [leaf[:0] for leaf in leaves], inputs, targets, begins[:0])[0].shape == (0, 32, 64)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda s, x, y, b: (s, x, np.where(y == 3, 10, y), b), "classes from 0 to 9"),
        (lambda s, x, y, b: (s, x, np.where(y == 3, -1, y), b), "classes from 0 to 9"),
        (lambda s, x, y, b: (s, x, y, b - 10), "begin at tick"),
        (lambda s, x, y, b: (s, x[..., :63], y, b), "no batches"),
        (lambda s, x, y, b: (s, x, y[:, :7], b), "no batches"),
        (lambda s, x, y, b: (s[:-1], x, y, b), "no states"),
        (lambda s, x, y, b: ([leaf[:4] for leaf in s], x, y, b), "no states"),
        (lambda s, x, y, b: ([leaf.astype("float16") for leaf in s], x, y, b), "float32"),
        (lambda s, x, y, b: ([s[0].astype("float32"), *s[1:]], x, y, b), "float32"),
    ],
)
def test_what_does_not_fit_is_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        run.advance(Kind(), *wrong(*problem(Kind())), 1)
