"""Arrow: models -> problems. Sizes and a seed come in; an `nn.Module` with its own initial parameters goes out."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
