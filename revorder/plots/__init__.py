"""Arrow: diagnostics -> plots. Results come in; a `Picture` with its alt text goes out."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
