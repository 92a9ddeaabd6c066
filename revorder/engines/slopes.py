"""The slopes ∂L/∂o of a criterion in the outputs of a model: are they κ o - c, as those of the square loss are?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from revorder.engines.memory import ran_out
from revorder.pytrees import tree_map

FAR = 100  # times the scale of the outputs: targets beyond cost κ so many roundings


class Bent(Exception):
    """A criterion whose slopes are not κ o - c at outputs of the run."""


@dataclass(frozen=True, eq=False)
class Slopes:
    """Slopes κ o - c of the criterion of some ticks.

    Attributes:
        criterion: `criterion(outputs (B, C), targets) -> scalar`.
        targets: of all ticks, stacked.
        factor: κ, the same for all.
        shift: (ticks, B, C) c.
    """

    criterion: Callable[[torch.Tensor, Any], torch.Tensor]
    targets: Any
    factor: float
    shift: torch.Tensor

    def check_at(self, ticks: torch.Tensor, outputs: torch.Tensor) -> None:
        """The same for outputs (steps, B, C), each of one of the ticks (steps,)."""
        targets = tree_map(lambda leaf: leaf[ticks.to(leaf.device)], self.targets)
        self._compare(slopes_of(self.criterion, outputs[:, None], targets)[:, 0], outputs, self.shift[ticks])

    def _compare(self, plain: torch.Tensor, outputs: torch.Tensor, shift: torch.Tensor) -> None:
        if not agree(plain, self.factor * outputs - shift, shift):
            raise Bent

    def check(self, outputs: torch.Tensor) -> None:
        """Raise Bent unless the slopes at outputs (ticks, words, B, C) of the run are κ o - c."""
        self._compare(slopes_of(self.criterion, outputs, self.targets), outputs, self.shift[:, None])


def slopes_for(
    criterion: Callable[[torch.Tensor, Any], torch.Tensor], targets: Any, zeros: torch.Tensor, scale: float = 1.0
) -> Slopes:
    """The slopes, from those at outputs of zero (`zeros` (ticks, B, C)) and at random ones of a scale.

    Raises:
        Bent: they are not κ o - c with one κ ≠ 0.
    """
    random = torch.Generator().manual_seed(0)
    drawn = scale * torch.randn(zeros.shape[1:], generator=random, dtype=torch.float64)
    outputs = drawn.to(zeros).expand_as(zeros)
    at_zero, at_random = slopes_of(criterion, torch.stack([zeros, outputs], 1), targets).unbind(1)
    risen = at_random - at_zero
    finite = risen.isfinite()
    factor = float((risen.where(finite, 0) * outputs).sum() / (outputs.square() * finite).sum())
    if not (factor and agree(at_random, factor * outputs + at_zero, at_zero)):
        raise Bent
    targets_scale = float(at_zero.where(finite, 0).abs().max()) / abs(factor)
    if targets_scale > FAR * scale:  # κ has lost digits
        return slopes_for(criterion, targets, zeros, targets_scale)
    return Slopes(criterion, targets, factor, -at_zero)


def slopes_of(
    criterion: Callable[[torch.Tensor, Any], torch.Tensor], outputs: torch.Tensor, targets: Any
) -> torch.Tensor:
    """∂L/∂o at outputs (ticks, words, B, C), by differentiation; words share the targets of their tick.

    Raises:
        Bent: torch cannot differentiate the criterion of many batches in one call.
    """
    words = outputs.shape[1]
    repeated = tree_map(lambda leaf: leaf[:, None].expand(-1, words, *leaf.shape[1:]).flatten(0, 1), targets)
    leaf = outputs.detach().flatten(0, 1).requires_grad_()
    try:
        with torch.enable_grad():
            losses = torch.vmap(criterion)(leaf, repeated)
            return torch.autograd.grad(losses.sum(), leaf)[0].view_as(outputs)
    except (RuntimeError, ValueError, TypeError) as error:
        if ran_out(error):
            raise
        raise Bent from error


def agree(plain: torch.Tensor, expected: torch.Tensor, shift: torch.Tensor) -> bool:
    """Whether slopes (ticks, …) are the expected ones up to rounding, wherever there are numbers."""
    size = expected.abs().add_(shift.abs())
    close = (plain - expected).abs_() <= size.mul_(torch.finfo(size.dtype).eps ** (2 / 3))
    return bool(close.all()) or bool((close | ~expected.isfinite()).all())
