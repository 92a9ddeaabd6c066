"""Widgets of the course. Each is a class with its controls as attributes, and `view`, the box to display.

Names are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from revorder.lazy import lazy

if TYPE_CHECKING:
    from revorder.widgets.brackets import BracketExplorer
    from revorder.widgets.budget import BudgetExplorer
    from revorder.widgets.chaos import ChaosGame
    from revorder.widgets.composer import Composer
    from revorder.widgets.contraction import TwoStarts
    from revorder.widgets.digits import DigitsExplorer
    from revorder.widgets.one_number import BitString, StationaryLaw
    from revorder.widgets.panel import ExperimentPanel
    from revorder.widgets.perfect import PerfectSampler
    from revorder.widgets.quadratics import QuadraticExplorer
    from revorder.widgets.training import RegimeExplorer

_HOME = {
    "brackets": "BracketExplorer",
    "budget": "BudgetExplorer",
    "chaos": "ChaosGame",
    "composer": "Composer",
    "contraction": "TwoStarts",
    "digits": "DigitsExplorer",
    "one_number": "BitString StationaryLaw",
    "panel": "ExperimentPanel",
    "perfect": "PerfectSampler",
    "quadratics": "QuadraticExplorer",
    "training": "RegimeExplorer",
}

__all__ = [
    "BitString", "BracketExplorer", "BudgetExplorer", "ChaosGame", "Composer", "DigitsExplorer", "ExperimentPanel",
    "PerfectSampler", "QuadraticExplorer", "RegimeExplorer", "StationaryLaw", "TwoStarts",
]  # fmt: skip


if not TYPE_CHECKING:  # else a type checker would find a type for any misspelt name
    __getattr__ = lazy(__name__, _HOME)


def __dir__() -> list[str]:
    return sorted(__all__)
