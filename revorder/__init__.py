"""revorder: backward-SGD and composition orders in deep learning, exact and in Jupyter.

`import revorder as ro`. Its public names stand in `__init__.pyi`; they are imported when they are first used, so that
`import revorder` is quick, and planning and theory work without torch.
"""

from __future__ import annotations

import lazy_loader

__version__ = "0.1.0"
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
