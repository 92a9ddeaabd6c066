"""Arrow: problems -> experiments. A frozen configuration comes in; a result folder goes out, resumable at any moment.

`experiment(name, profile)` gives a configuration, `estimate` its price, `run` its results; `reports.report` writes them
up. The command line is `cli`. Configurations need no torch, but to choose the threads of a ResNet.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
