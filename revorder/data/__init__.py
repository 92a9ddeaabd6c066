"""Arrow: datasets -> problems. Files of others come in, however damaged; examples as tensors go out."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
