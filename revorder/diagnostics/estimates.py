"""What estimators say when their data are few: a warning that carries the estimate."""

from __future__ import annotations

import warnings


class EstimateWarning(UserWarning):
    """An estimate rests on too little data.

    Attributes:
        estimate: the estimate all the same.
        standard_error: its standard error, or None where that cannot be told.
    """

    def __init__(self, message: str, estimate: float, standard_error: float | None = None):
        super().__init__(message)
        self.estimate = estimate
        self.standard_error = standard_error


def warn(message: str, estimate: float, standard_error: float | None = None) -> None:
    """Issue an `EstimateWarning` at the line of the caller's caller."""
    warnings.warn(EstimateWarning(message, estimate, standard_error), stacklevel=3)
