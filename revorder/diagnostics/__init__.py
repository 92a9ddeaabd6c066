"""Diagnostics: maps and trajectories in, estimates out. Estimators given too little data refuse, or warn.

A warning is an `EstimateWarning`: it carries the estimate, and says how uncertain it is.
"""

from revorder.diagnostics.commutators import commutator
from revorder.diagnostics.contraction import contraction_rate, lyapunov_exponent
from revorder.diagnostics.estimates import EstimateWarning
from revorder.diagnostics.fractals import box_dimension
from revorder.diagnostics.jacobians import lipschitz, spectral_radius
from revorder.diagnostics.laws import LawComparison, compare_laws
from revorder.diagnostics.perfect import perfect_sample
from revorder.diagnostics.spreads import spread_along_path, spread_over_seeds
from revorder.lie import lie_bracket

__all__ = [
    "EstimateWarning", "LawComparison", "box_dimension", "commutator", "compare_laws", "contraction_rate",
    "lie_bracket", "lipschitz", "lyapunov_exponent", "perfect_sample", "spectral_radius", "spread_along_path",
    "spread_over_seeds",
]  # fmt: skip
