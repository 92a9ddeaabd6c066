"""Words that are each other's suffixes, as those of backward order are: one chain of maps serves all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import log2
from typing import Any

import numpy as np
import torch

from revorder.engines import bends, doubling
from revorder.engines.linear import Linear
from revorder.engines.maps import Maps
from revorder.engines.regression import Regression, regression_of
from revorder.engines.slopes import Bent
from revorder.engines.square_sweep import Sweep
from revorder.engines.squares import Square
from revorder.planning.plan import Plan
from revorder.pytrees import Tree

HELD = 2**25  # numbers in the matrices and inputs of a chain together, at most
CALL, PRODUCT = 2e5, 8e3  # operations that take as long as a call, or a matrix in a batched call, does by itself
SMALLER = 8  # times smaller than the start: states for which differences from it are not used
STEP = 2e7  # operations that take as long as finding one M_i does by itself


@dataclass(frozen=True, eq=False)
class Chain:
    """Words that are suffixes of the longest one.

    Attributes:
        letters: of the longest word, the last one applied first.
        lengths: (checkpoints,) of all words.
    """

    letters: np.ndarray
    lengths: np.ndarray
    naive_cost: int


def chain_of(plan: Plan) -> Chain | None:
    """The chain of a plan; None if its words have no common ending."""
    suffixes = plan.suffixes
    if not suffixes.is_chain:
        return None
    return Chain(suffixes.letter[1:], suffixes.end, plan.naive_cost)


def square_of(maps: Maps, start: Tree, chain: Chain) -> Square | None:
    """The run of a linear model, if its loss may be square; None for any other."""
    model = _model_of(maps, start)
    return None if model is None else Square(model, maps, start, chain.letters)


def _model_of(maps: Maps, start: Tree) -> Regression | None:
    model = regression_of(maps.update) if maps.may_trace else None
    return model if model is not None and model.suits(start) else None


def work_of_square(maps: Maps, start: Tree, plan: Plan) -> float | None:
    """About how many operations a run takes in closed form, as far as its first batch can tell; None without one."""
    model = _model_of(maps, start)
    if model is None or (chain := chain_of(plan)) is None:
        return None
    square = Square(model, maps, start, chain.letters)
    try:
        square.ticks(chain.letters[:1])
    except Bent:
        return None
    work = _ways(square, chain)[2]
    by_steps = 4 * square.batch * square.theta.numel() * plan.cost + 5 * plan.launches * CALL
    return work if work <= min(_most(square, chain), by_steps) else None


def of_square(maps: Maps, start: Tree, chain: Chain, advanced: Callable[[int], Any]) -> Tree | None:
    """The states of all checkpoints, if this is a linear model with square loss; else None."""
    square, done = square_of(maps, start, chain), 0
    if square is None:
        return None

    def counted(count: int) -> None:
        nonlocal done
        done += count
        advanced(count)

    try:
        width, pays, work = _ways(square, chain)
        if work > _most(square, chain):
            return None  # long runs whose matrices do not fit: products one by one are less work than a sweep
        if pays and chain.naive_cost > bends.ALL:
            states = square.by_doubling(width, chain.lengths)
            counted(len(chain.letters))
        if not pays or chain.naive_cost <= bends.ALL or drowned(square.theta, states):
            advanced(-done)
            done = 0
            lengths, row = np.unique(-chain.lengths, return_inverse=True)
            sweep = Sweep(square, -lengths, chain.naive_cost <= bends.ALL)
            states = sweep.carry_out(counted)[torch.from_numpy(row)]
    except Bent:
        advanced(-done)
        return None
    maps.note(f"slopes of the square loss looked at in {square.looked} steps")
    return square.model.tree(states, start)


def _most(square: Square, chain: Chain) -> float:
    """How many operations the products one by one take."""
    return len(chain.letters) * (STEP + 4.0 * square.batch * square.theta.numel() ** 2)


def drowned(start: torch.Tensor, states: torch.Tensor) -> bool:
    """Whether some states (checkpoints, ...) are so small beside the start that differences from it lose digits."""
    if start.is_meta:
        return False
    return bool(start.abs().max() > SMALLER * states.flatten(1).abs().amax(1).min())


def _ways(square: Square, chain: Chain) -> tuple[int, bool, float]:
    """The width of the windows for doubling, whether doubling is less work than a sweep, and how much the better is."""
    batch, (rows, d) = square.batch, square.theta.shape
    count = len(chain.letters)

    def doubling_by(width: int) -> float:
        windows, levels = count / width, log2(count / width)
        inside = count * (2 * width * batch**2 * d + 2 * batch * d**2) + windows * (width > 1) * CALL
        calls = (10 * width + 6 * levels) * CALL
        return inside + windows * 2 * (2 * d**3 + PRODUCT) + levels * 2 * count * rows * d**2 + calls

    held = {w: count * (2 * d**2 / w + 3 * batch * d) for w in (1, 2, 4, 8, 16, 32, 64)}
    widths = [w for w, numbers in held.items() if numbers <= HELD and 2 * w <= count]
    sweep = 4 * batch * d * rows * np.unique(chain.lengths).sum() + count * (24 * batch**2 * d + CALL)
    if not widths:
        return 1, False, float(sweep)
    width = min(widths, key=doubling_by)
    return width, bool(doubling_by(width) < sweep), float(min(doubling_by(width), sweep))


def of_maps(linear: Linear, letters: list[int], chain: Chain, plan: Plan, start: torch.Tensor) -> torch.Tensor | None:
    """(checkpoints, d) the states of any affine maps, whose M_i and m_i have been found for all letters; audited.

    None where they would lose digits.
    """
    matrices, shifts = linear.everything()
    where = np.searchsorted(letters, chain.letters)
    index = torch.from_numpy(where).to(start.device)
    firsts = matrices @ start + shifts - start  # T_i(s_0) - s_0
    reached, joins = doubling.joined(matrices[index], firsts[index][:, None, None])
    if start.is_meta:
        pass
    elif chain.naive_cost <= bends.ALL or linear.batches is None:
        bends.audit(linear, letters, matrices, shifts, plan, start)
    else:
        entered = start + doubling.entered(joins, len(where))[:, :, 0]
        _audit_entered(linear, letters, where, (matrices, shifts), entered)
        bends.audit_first(linear, letters, np.unique(where[chain.lengths - 1]), (matrices, shifts), start)
    states = start + reached[torch.from_numpy(chain.lengths - 1), 0]
    return None if drowned(start, states) else states


def _audit_entered(
    linear: Linear,
    letters: list[int],
    where: np.ndarray,
    pairs: tuple[torch.Tensor, torch.Tensor],
    entered: torch.Tensor,
) -> None:
    """Hold steps of a chain of maps to the plain steps, along its longest word and words that begin everywhere in it.

    Args:
        where: (ticks,) positions of the chain among the letters.
        pairs: all M_i and m_i.
        entered: (ticks, words, d) states that the maps meet, those of the longest word first.

    Raises:
        NotAffineError: a map that bends at one of these states.
    """
    ticks, words = entered.shape[:2]
    random = np.random.default_rng(2)
    longest, others = (
        random.permutation(ticks)[: bends.MOST // 2],
        random.integers(ticks, size=bends.MOST - bends.MOST // 2),
    )
    at = np.concatenate([longest, others])
    word = np.concatenate([np.zeros_like(longest), random.integers(words, size=len(others))])
    where = where[at]
    before = entered[torch.from_numpy(at), torch.from_numpy(word)]
    bends.look(linear, letters, where, before, bends.moved(pairs, where, before))
