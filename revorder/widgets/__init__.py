"""Arrow: plots -> widgets. What a learner sets comes in; pictures and numbers that answer at once go out.

Each widget is a class with its controls as attributes, and `view`, the box to display.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
