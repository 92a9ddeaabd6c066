"""Beside the arrows: an answer to an exercise comes in; a verdict goes out, with a hint where it does not hold.

`command` is `revorder course`: a folder comes in, and has the notebooks afterwards.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
