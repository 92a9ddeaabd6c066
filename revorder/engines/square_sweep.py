"""All states of a linear model in one sweep over the batches, the newest first; see `squares`.

A state whose word begins inside a window has no slopes before it begins, and begins at the start: what it does in that
window is found beforehand, for all windows in a few calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from revorder.engines.squares import Square, Ticks

WINDOW = 8  # ticks at once
OTHERS = 3  # words whose slopes are looked at besides the longest
PIECE = 2**22  # numbers in what is prepared at once


class Sweep:
    """Θ of all words that are suffixes of a longest one.

    Args:
        lengths: (words,) of the words, all different, the longest first.
        all_words: whether slopes are looked at in all words, or in the longest and a few others.
    """

    def __init__(self, square: Square, lengths: np.ndarray, all_words: bool):
        self.square, self.lengths, self.lr = square, lengths, square.model.lr
        self.states = square.theta.repeat(len(lengths), 1, 1)  # (words, C, d)
        others = np.random.default_rng(0).choice(len(lengths), min(OTHERS, len(lengths)), replace=False)
        self.all_words = all_words
        self.looked_at = np.arange(len(lengths)) if all_words else np.unique([0, *others])

    def carry_out(self, advanced: Callable[[int], Any]) -> torch.Tensor:
        """(words, C, d) their states."""
        left = len(self.square.letters)
        while left:
            count = self._piece(left)
            width = 1 if count % WINDOW else WINDOW
            self._advance(self.square.ticks(self.square.letters[left - count : left][::-1]), left, width)
            left -= count
            advanced(count)
        return self.states

    def _piece(self, left: int) -> int:
        """How many ticks are prepared at once: whole windows, or what is too short for one."""
        if left % WINDOW:
            return left % WINDOW
        tick = self.square.batch * (3 * self.states.shape[2] + WINDOW * (WINDOW + self.states.shape[1]))
        return min(left, max(1, PIECE // (tick * WINDOW)) * WINDOW)

    def _advance(self, ticks: Ticks, left: int, width: int) -> None:
        """All states under these ticks, the first one applied first; `left` are to come, these included."""
        design, shift = ticks.windows(width)
        flat, states = design.flatten(1, 2), self.states
        rows, constant, begun = self._rows(ticks, design, shift)
        looked = flat.new_zeros(len(flat), len(self.looked_at), states.shape[1], flat.shape[1])
        slopes = flat.new_empty(len(states), states.shape[1], flat.shape[1])
        for w, (x, y) in enumerate(zip(flat.unbind(), rows.unbind(), strict=True)):
            end = left - w * width
            full, here = int((self.lengths >= end).sum()), int((self.lengths > end - width).sum())
            torch.mm(states[:full].flatten(0, 1), y, out=slopes[:full].flatten(0, 1))
            slopes[:full].add_(constant[w])
            if full < here:
                slopes[full:here] = begun[w, torch.from_numpy(end - self.lengths[full:here])]
            if w == len(flat) - 1:
                self._check(end, x, y, constant[w])
            seen = self.looked_at[self.looked_at < here]
            looked[w, : len(seen)] = slopes[torch.from_numpy(seen)]
            states[:here].flatten(0, 1).addmm_(slopes[:here].flatten(0, 1), x, alpha=-self.lr)
        self._look(ticks, looked, left, width)
        begin = self.lengths[(self.lengths <= left) & (self.lengths > left - len(shift) * width)]
        if len(begin) and not self.all_words:
            self.square.look_at_beginnings(ticks, left - begin, 1)

    def _rows(
        self, ticks: Ticks, design: torch.Tensor, shift: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Per window: κ Yᵀ (d, W·B), the slopes from Θ = 0 (C, W·B), and those from the start (W, C, W·B).

        The last are of states that begin at each tick of the window: none before.
        """
        width = design.shape[1]
        targets = shift.flatten(1, 2)  # (windows, W·B, C)
        first = (design @ self.square.theta.T * ticks.slopes.factor).flatten(1, 2) - targets
        began = torch.ones(width, width).tril().to(first).repeat_interleave(design.shape[2], 0)  # (W·B, W)
        begun = (first[:, :, None] * began[:, :, None]).flatten(2)
        found = ticks.through(design, torch.cat([-targets, begun], 2)).mT
        inputs, constant, begun = found.split([design.shape[3], targets.shape[2], begun.shape[2]], 1)
        return inputs * ticks.slopes.factor, constant, begun.unflatten(1, (width, -1))

    def _check(self, end: int, x: torch.Tensor, y: torch.Tensor, constant: torch.Tensor) -> None:
        """Hold two ticks of the longest word to the plain steps, for the window that begins before `end` ticks."""
        size = self.square.batch
        ticks = min(2, len(x) // size)
        letters = tuple(self.square.letters[end - ticks : end][::-1].tolist())

        def steps(theta: torch.Tensor) -> torch.Tensor:
            slopes = theta @ y + constant
            return theta - self.lr * slopes[:, : ticks * size] @ x[: ticks * size]

        self.square.check(letters, self.states[0], steps)

    def _look(self, ticks: Ticks, slopes: torch.Tensor, left: int, width: int) -> None:
        """Are the slopes (windows, words, C, W·B) those of the criterion at the outputs that they belong to?"""
        per_tick = slopes.unflatten(3, (width, -1)).permute(0, 3, 1, 4, 2).flatten(0, 1)  # (ticks, words, B, C)
        outputs = (per_tick + ticks.slopes.shift[:, None]) / ticks.slopes.factor
        numbers = np.arange(left - 1, left - 1 - len(outputs), -1)
        begun = torch.from_numpy(self.lengths[self.looked_at] > numbers[:, None]).to(outputs.device)
        self.square.look(ticks, outputs.where(begun[:, :, None, None], 0), int(begun.sum()))
