"""Arrow: update -> engine. Losses, modules and optimizers come in; frozen maps T(state, batch, key) -> state go out."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
