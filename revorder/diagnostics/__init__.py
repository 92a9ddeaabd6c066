"""Arrow: trajectory -> diagnostics. Maps and trajectories come in; estimates go out.

Estimators given too little data refuse, or warn: an `EstimateWarning` carries the estimate, and says how uncertain it
is.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
