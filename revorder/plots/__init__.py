"""Figures of the course. Each function takes results and returns a `Picture`, with its alt text."""

from revorder.plots.paths import paths_figure, spread_figure
from revorder.plots.plans import cost_figure, plan_figure

__all__ = ["cost_figure", "paths_figure", "plan_figure", "spread_figure"]
