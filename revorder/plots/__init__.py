"""Figures of the course. Each function takes results and returns a `Picture`, with its alt text.

Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from revorder.lazy import lazy

if TYPE_CHECKING:
    from revorder.plots.brackets import bracket_figure, slope_figure
    from revorder.plots.budget import budget_figure, methods_figure, pair_figure
    from revorder.plots.chaos import chaos_figure, clouds_figure
    from revorder.plots.contraction import bounds_figure, gap_figure
    from revorder.plots.experiments import experiment_paths_figure, experiment_spreads_figure
    from revorder.plots.laws import digits_figure, law_figure, two_spreads_figure
    from revorder.plots.paths import paths_figure, spread_figure
    from revorder.plots.perfect import averaging_figure, coupling_figure, perfect_figure
    from revorder.plots.plans import cost_figure, plan_figure
    from revorder.plots.quadratics import covariance_figure, cycle_figure, tails_figure
    from revorder.plots.training import momentum_figure, regime_figure

_HOME = {
    "brackets": "bracket_figure slope_figure",
    "budget": "budget_figure methods_figure pair_figure",
    "chaos": "chaos_figure clouds_figure",
    "contraction": "bounds_figure gap_figure",
    "experiments": "experiment_paths_figure experiment_spreads_figure",
    "laws": "digits_figure law_figure two_spreads_figure",
    "paths": "paths_figure spread_figure",
    "perfect": "averaging_figure coupling_figure perfect_figure",
    "plans": "cost_figure plan_figure",
    "quadratics": "covariance_figure cycle_figure tails_figure",
    "training": "momentum_figure regime_figure",
}

__all__ = [
    "averaging_figure", "bounds_figure", "bracket_figure", "budget_figure", "chaos_figure", "clouds_figure",
    "cost_figure", "coupling_figure", "covariance_figure", "cycle_figure", "digits_figure",
    "experiment_paths_figure", "experiment_spreads_figure", "gap_figure", "law_figure", "methods_figure",
    "momentum_figure", "pair_figure", "paths_figure", "perfect_figure", "plan_figure", "regime_figure",
    "slope_figure", "spread_figure", "tails_figure", "two_spreads_figure",
]  # fmt: skip


if not TYPE_CHECKING:  # else a type checker would find a type for any misspelt name
    __getattr__ = lazy(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
