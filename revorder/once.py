"""What is computed once, when it is first asked for."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functools import cached_property as cached_property
else:

    class cached_property(functools.cached_property):  # noqa: N801 (it is Python's)
        """Python 3.12's `cached_property` for all versions: without a lock.

        Before, one lock served an attribute of all instances of a class, so that two threads waited for each other for
        ever if they asked for two attributes that need each other's, of whatever instances. Without it, two threads at
        once may both compute a value; both are given the same one.
        """

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            """The value, computed if it was not before."""
            if instance is None:
                return self
            name = self.attrname
            if name not in instance.__dict__:
                instance.__dict__.setdefault(name, self.func(instance))
            return instance.__dict__[name]
