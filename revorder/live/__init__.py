"""Arrow: plots -> live. What a learner drags comes in; states computed in the page itself go out, drawn at once.

Each figure is a class: its settings are attributes, `states()` gives by `revorder.run` what the page computes in
JavaScript, and `picture` is what pages without JavaScript show. The modules in `js/` are what the page runs.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
