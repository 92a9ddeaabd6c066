"""A linear model with square loss on words that are each other's suffixes, close to the arithmetic.

Over a window of W ticks, the first one applied first, the state meets X_t through the maps before it: as rows

    Y_t = X_t M_{t-1}⋯M_0 = X_t - lr·κ Σ_{i<t} (X_t X_iᵀ) Y_i,    where M = 1 - lr·κ·XᵀX.

Read from the last tick to the first, these rows give the matrix of the window, M_0⋯M_{W-1} = 1 - lr·κ·Yᵀ X, and the
states that it reaches from the start, for `doubling`. Where states are too large for that, all states sweep through the
windows: the slopes of a window are affine in the state Θ at its beginning, G_t = κ Θ Y_tᵀ + const, and
Θ ← Θ - lr Σ G_tᵀ X_t: two products with W·B columns instead of 2W with B.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch.nn.functional import linear
from torch.utils import _pytree as pytree

from revorder.engines import doubling
from revorder.engines.audit import Disagreement, Letters
from revorder.engines.linear import stacked
from revorder.engines.maps import Maps
from revorder.engines.regression import Regression
from revorder.engines.slopes import Bent, Slopes, slopes_for
from revorder.pytrees import Tree

BEGUN = 4  # steps at the beginning of every word whose slopes are looked at: a state may shrink soon
WORDS = 2**22  # numbers in the inputs of so many words at once
PIECE = 2**17  # numbers in the rows of some windows, which stay in the cache


@dataclass(frozen=True, eq=False)
class Ticks:
    """Some ticks of a linear model: X (ticks, B, d), and the slopes of the criterion in the outputs.

    X may have more ticks, which do nothing, to fill a window up.
    """

    design: torch.Tensor
    slopes: Slopes
    lr: float

    @property
    def rate(self) -> float:
        """lr·κ."""
        return self.lr * self.slopes.factor

    def step(self, tick: int, state: torch.Tensor) -> torch.Tensor:
        """T of one tick on Θ (C, d)."""
        slopes = self.slopes.factor * self.design[tick] @ state.T - self.slopes.shift[tick]
        return state - self.lr * slopes.T @ self.design[tick]

    def windows(self, width: int) -> tuple[torch.Tensor, torch.Tensor]:
        """X (windows, W, B, d) and c (windows, W, B, C)."""
        shift = self.slopes.shift
        if len(self.design) > len(shift):
            shift = torch.cat([shift, shift.new_zeros(len(self.design) - len(shift), *shift.shape[1:])])
        return self.design.unflatten(0, (-1, width)), shift.unflatten(0, (-1, width))

    def through(self, design: torch.Tensor, also: torch.Tensor | None = None) -> torch.Tensor:
        """Rows (windows, W·B, d) Y for X (windows, W, B, d); W is a power of two.

        What else depends on the maps before it in the same way may stand beside X, in `also` (windows, W·B, any).
        """
        windows, width, batch, d = design.shape
        flat = design.reshape(windows, -1, d)
        rows = flat.clone() if also is None else torch.cat([flat, also], 2)
        for size in (batch * 2**k for k in range(width.bit_length() - 1)):  # halves are joined, as in `doubling`
            first, second = rows.view(-1, 2, size, rows.shape[2]).unbind(1)
            gram = torch.bmm(second[:, :, :d], flat.view(-1, 2, size, d)[:, 0].mT)
            second.sub_(torch.bmm(gram, first), alpha=self.rate)
        return rows

    def blocks(self, width: int, theta: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(windows, d, d) the matrices of windows, and (windows, W, C, d) what each reaches by itself from Θ (C, d)."""
        design, shift = self.windows(width)
        (windows, _, batch, d), outputs = design.shape, len(theta)
        products, moves = design.new_empty(windows, d, d), design.new_empty(windows * width, outputs, d)
        slopes = linear(design, theta).mul_(self.slopes.factor).sub_(shift).mul_(-self.lr).flatten(0, 1).mT
        size = max(1, PIECE // (width * batch * d))
        for first in range(0, windows, size):
            part, ticks = slice(first, first + size), slice(first * width, (first + size) * width)
            rows = self.through(design[part])
            products[part].baddbmm_(rows.mT, design[part].flatten(1, 2), beta=0, alpha=-self.rate)
            torch.bmm(slopes[ticks], rows.view(-1, batch, d), out=moves[ticks])
        products.diagonal(dim1=1, dim2=2).add_(1)
        moves = moves.unflatten(0, (windows, width))
        return products, torch.cumsum(moves, 1, out=moves) if width > 1 else moves


class Square:
    """The run of a linear model whose criterion has slopes κ o - c.

    Args:
        letters: of the longest word, the last one applied first.

    Raises (from its methods):
        Bent: the criterion has other slopes, or batches cannot be stacked.
        Disagreement: these steps are not the plain ones.
    """

    def __init__(self, model: Regression, maps: Maps, start: Tree, letters: np.ndarray):
        self.model, self.maps, self.start, self.letters = model, maps, start, letters
        self.theta, self.looked = model.matrix(start), 0
        first = pytree.tree_leaves(maps.batch(int(letters[0])))[0]
        self.batch = len(first) if isinstance(first, torch.Tensor) and first.ndim else 0  # examples in a batch

    def ticks(self, letters: np.ndarray, width: int = 1) -> Ticks:
        """The ticks of these letters, in their sequence, filled up to whole windows."""
        batches = stacked(self.maps, letters.tolist())
        if batches is None or not (self.batch and self.model.fits(batches, self.theta)):
            raise Bent
        design = self.model.design(batches[0], -len(letters) % width)
        zeros = design.new_zeros(len(letters), design.shape[1], len(self.theta))
        with_criterion = partial(slopes_for, self.model.criterion, batches[1], zeros)
        return Ticks(design, self.maps.draws.call(self.maps.name(int(letters[0])), with_criterion), self.model.lr)

    def look(self, ticks: Ticks, outputs: torch.Tensor, steps: int) -> None:
        """Are the slopes at outputs (ticks, words, B, C), of so many steps, what the closed form says?"""
        self.maps.draws.call(self.maps.name(int(self.letters[0])), lambda: ticks.slopes.check(outputs))
        self.looked += steps

    def look_at_beginnings(self, ticks: Ticks, begins: np.ndarray, onward: int) -> None:
        """The same for the first steps of words: they begin at the ticks `begins` and go on by `onward`, 1 or -1."""
        count, seen = len(ticks.slopes.shift), []
        size = max(1, WORDS // ticks.design[0].numel())
        for part in np.split(begins, range(size, len(begins), size)):
            states = self.theta.expand(len(part), *self.theta.shape)
            for at in (part + onward * step for step in range(BEGUN)):
                here = np.flatnonzero((at >= 0) & (at < count))  # words never come back
                if len(here) < len(states):
                    part, at, states = part[here], at[here], states[torch.from_numpy(here)]
                if not len(here):
                    break
                index = torch.from_numpy(at)
                rows = slice(int(at[0]), int(at[-1]) + 1) if len(at) == at[-1] - at[0] + 1 else index  # ascending
                inputs = ticks.design[rows]
                seen.append((index, torch.bmm(inputs, states.mT)))
                slopes = (ticks.slopes.factor * seen[-1][1]).sub_(ticks.slopes.shift[rows])
                states = torch.baddbmm(states, slopes.mT, inputs, alpha=-ticks.lr)
        where, outputs = (torch.cat(each) for each in zip(*seen, strict=True))
        self.maps.draws.call(self.maps.name(int(self.letters[0])), lambda: ticks.slopes.check_at(where, outputs))
        self.looked += len(where)

    def by_doubling(self, width: int, lengths: np.ndarray) -> torch.Tensor:
        """Θ (words, C, d) after the last ticks, by two windows or more, of so many ticks: a power of two."""
        ticks, count = self.ticks(self.letters, width), len(self.letters)
        products, moves = ticks.blocks(width, self.theta)
        reached, joins = doubling.joined(products, moves)
        self.look_at_beginnings(ticks, np.unique(lengths) - 1, -1)
        self._look(ticks, self.theta + doubling.entered(joins, len(products)), self.theta + reached[count - 1])
        return reached[torch.from_numpy(lengths - 1)].add_(self.theta)

    def _look(self, ticks: Ticks, states: torch.Tensor, last: torch.Tensor) -> None:
        """Along some words, which enter the windows in `states` (windows, words, C, d): are the slopes what they were?

        The longest word is the first, and must lead to the last state. `states` are changed.
        """
        count, (windows, words, outputs, d) = len(ticks.slopes.shift), states.shape
        width = len(ticks.design) // windows
        tick = int(np.random.default_rng(0).integers(count // width)) * width + width - 1
        self.check(int(self.letters[tick]), states[tick // width, 0], partial(ticks.step, tick))
        design, shift = ticks.windows(width)
        constant = (ticks.lr * shift).permute(1, 0, 3, 2).repeat(1, 1, words, 1)  # (W, windows, words·C, B)
        met, flat = torch.empty_like(constant), states.view(windows, -1, d)
        for t in range(width - 1, -1, -1):
            torch.bmm(flat, design[:, t].mT, out=met[t])
            if t:
                flat.baddbmm_(constant[t].sub_(met[t], alpha=ticks.lr * ticks.slopes.factor), design[:, t])
        met = met.view(width, windows, words, outputs, -1).permute(1, 0, 2, 4, 3).flatten(0, 1)
        self.look(ticks, met[:count], count * words)
        gap, size = (last - ticks.step(0, states[0, 0])).norm(), last.norm() + self.theta.norm()
        if gap.isfinite() and gap > torch.finfo(gap.dtype).eps ** (2 / 3) * size:
            raise Disagreement(f"two ways through the longest word are {gap / size:.1g} of its end apart")

    def check(self, letters: Letters, state: torch.Tensor, steps: Callable[[torch.Tensor], torch.Tensor]) -> None:
        """Hold what `steps` makes of Θ (C, d) to the plain steps of one letter or several, the first applied first."""
        if state.isfinite().all():
            before, after = (self.model.tree(theta, self.start) for theta in (state, steps(state)))
            again: Callable[[Tree], Tree] = lambda tree: self.model.tree(steps(self.model.matrix(tree)), self.start)  # noqa: E731
            self.maps.audit.check(letters, self.maps.asked(letters), before, after, again)
