"""How much of a network's gap the bracket misses, recorded: what the figure of ReLUs plays back.

`python -m revorder.live.brackets_recording` writes the recording anew, in about a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch

from revorder.diagnostics import commutator, lie_bracket
from revorder.live.cards import card, digits_of
from revorder.live.recordings import write
from revorder.problems import digits_mlp
from revorder.pytrees import Tree, tree_map

NAME = "relu_brackets"
WIDTHS = (16, 32, 64, 128, 256, 512)
SIZES = (8, 16, 32, 64, 128)
RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3)
SEEDS = 16
ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {"ReLU": torch.relu, "tanh": torch.tanh}
DIGITS = 4  # significant digits that are kept

Loss = Callable[[Tree, Tree], torch.Tensor]


def network_loss(activation: str) -> Loss:
    """Mean cross-entropy of the network 64-width-10 on a batch of digits; parameters are named as in `digits_mlp`."""
    bend = ACTIVATIONS[activation]

    def loss(params: Tree, batch: Tree) -> torch.Tensor:
        images, targets = batch
        hidden = bend(images.flatten(1) @ params["1.weight"].T + params["1.bias"])
        return torch.nn.functional.cross_entropy(hidden @ params["3.weight"].T + params["3.bias"], targets)

    return loss


def drawn(width: int, size: int, seeds: Iterable[int]) -> tuple[Tree, list[Tree]]:
    """The initial parameters of each seed and its first two batches, all with a leading axis of seeds, in float64."""
    problems = [digits_mlp(0.1, size, 2, seed=seed, hidden=width, dtype=torch.float64) for seed in seeds]
    params = [problem.start["params"] for problem in problems]
    batches = [[problem.batches[i] for problem in problems] for i in (0, 1)]
    together = {name: torch.stack([each[name] for each in params]) for name in params[0]}
    return together, [tuple(map(torch.stack, zip(*each, strict=True))) for each in batches]


def measured(
    activation: str, width: int, size: int, rates: Sequence[float] = RATES, seeds: Iterable[int] = range(SEEDS)
) -> tuple[np.ndarray, np.ndarray]:
    """Lengths of the gap and of the bracket's error at the initial parameters, each (rates, seeds).

    The gap is T_0(T_1(θ)) - T_1(T_0(θ)), all parameters as one vector; the error is the gap minus the bracket.

    Args:
        activation: "ReLU" or "tanh": the same parameters and batches.
        width: hidden units.
        size: examples in a batch.
        rates: learning rates.
        seeds: of the parameters and of the batches.
    """
    params, (a, b) = drawn(width, size, seeds)
    loss = network_loss(activation)
    slope = torch.func.grad(loss)
    bracket = torch.vmap(lambda p, x, y: lie_bracket(loss, p, x, y, 1.0))(params, a, b)
    gaps, errors = [], []
    for lr in rates:
        gap = torch.vmap(partial(_gap, slope, lr))(params, a, b)
        gaps.append(_lengths(gap))
        errors.append(_lengths({name: leaf - lr**2 * bracket[name] for name, leaf in gap.items()}))
    return np.array(gaps), np.array(errors)


def _gap(slope: Callable[[Tree, Tree], Tree], lr: float, params: Tree, a: Tree, b: Tree) -> Tree:
    """T_a(T_b(θ)) - T_b(T_a(θ)) for plain SGD."""

    def step(theta: Tree, batch: Tree) -> Tree:
        return tree_map(lambda leaf, g: leaf - lr * g, theta, slope(theta, batch))

    return commutator(step, params, a, b)


def _lengths(tree: dict[str, torch.Tensor]) -> np.ndarray:
    """The length of each seed's vector, (seeds,)."""
    squares = sum(leaf.flatten(1).square().sum(1) for leaf in tree.values())
    return np.asarray(torch.as_tensor(squares).sqrt())


def record(
    widths: Sequence[int] = WIDTHS,
    sizes: Sequence[int] = SIZES,
    rates: Sequence[float] = RATES,
    seeds: Sequence[int] = range(SEEDS),
) -> dict[str, Any]:
    """Measure everything.

    Returns:
        {"widths", "sizes", "rates", "seeds", and for "ReLU" and "tanh" {"gap", "error"}: lists (widths, sizes, rates,
        seeds) with 4 significant digits}.
    """
    found: dict[str, Any] = {"widths": [*widths], "sizes": [*sizes], "rates": [*rates], "seeds": [*seeds]}
    for activation in ACTIVATIONS:
        both = [[measured(activation, width, size, rates, seeds) for size in sizes] for width in widths]
        listed = np.array(both)  # (widths, sizes, gap or error, rates, seeds)
        found[activation] = {name: digits_of(listed[:, :, i], DIGITS) for i, name in enumerate(("gap", "error"))}
    return found


if __name__ == "__main__":
    with card(__doc__) as made:
        recording = record()
    print(f"written: {write({'card': made, **recording}, name=NAME)}")
