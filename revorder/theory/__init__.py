"""Theory: constants in, numbers out. Closed forms and bounds, with numpy and scipy alone."""

from __future__ import annotations

from revorder.theory.bernoulli import bernoulli_convolution_cdf, bernoulli_values
from revorder.theory.binary import binary_fraction, bits_of
from revorder.theory.bounds import a_posteriori_bound, error_bound, steps_needed
from revorder.theory.covariance import small_lr_covariance, stationary_covariance
from revorder.theory.cycles import backward_limit, cycle_points
from revorder.theory.fractals import chaos_game_dimension, chaos_game_points
from revorder.theory.one_number import (
    averaged_variance,
    batch_weights,
    batches_backward_is_worth,
    ema_variance,
    reshuffle_variance,
    stationary_variance,
)
from revorder.theory.random_slopes import lyapunov_exponent, tail_index

__all__ = [
    "a_posteriori_bound", "averaged_variance", "backward_limit", "batch_weights", "batches_backward_is_worth",
    "bernoulli_convolution_cdf", "bernoulli_values", "binary_fraction", "bits_of", "chaos_game_dimension",
    "chaos_game_points", "cycle_points", "ema_variance", "error_bound", "lyapunov_exponent", "reshuffle_variance",
    "small_lr_covariance", "stationary_covariance", "stationary_variance", "steps_needed", "tail_index",
]  # fmt: skip
