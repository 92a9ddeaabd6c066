"""Widgets of the course. Each is a class with its controls as attributes, and `view`, the box to display."""

from revorder.widgets.composer import Composer
from revorder.widgets.digits import DigitsExplorer

__all__ = ["Composer", "DigitsExplorer"]
