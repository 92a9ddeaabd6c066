"""Names that a package imports when they are first used."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Collection, Mapping
from typing import Any


def lazy(package: str, homes: Mapping[str, str], submodules: Collection[str] = ()) -> Callable[[str], Any]:
    """The `__getattr__` of a package whose names are imported when they are first used (PEP 562).

    Args:
        package: its full name.
        homes: from a submodule to the names, apart by spaces, that the package takes from it.
        submodules: those that are names of the package themselves.
    """
    module = {name: home for home, names in homes.items() for name in names.split()}

    def get(name: str) -> Any:
        if name in submodules:
            return importlib.import_module(f"{package}.{name}")
        if name not in module:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{module[name]}"), name)

    return get
