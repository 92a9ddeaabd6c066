"""Beside the arrows: constants come in, closed forms and bounds go out, with numpy and scipy alone."""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
