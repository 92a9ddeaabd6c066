"""The public names of the library, read from where they stand: its stubs, and `__all__` of single files."""

from __future__ import annotations

import ast
import importlib
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from sphinx.pycode import ModuleAnalyzer

PACKAGE = Path(__file__).parents[2] / "revorder"


class Public(NamedTuple):
    """A public name: where a user finds it, which file has it, and what it is."""

    home: str
    name: str
    file: str
    value: Any

    @property
    def full(self) -> str:
        return f"{self.home}.{self.name}"


def found(dotted: str) -> Any:
    """What users find under a name such as `revorder.comparators`."""
    value: Any = importlib.import_module("revorder")
    for part in dotted.split(".")[1:]:
        value = getattr(value, part)
    return value


def stub(room: Path) -> dict[str, str]:
    """Name -> the module that has it, as `__init__.pyi` of a room says; empty where there is none."""
    file, names = room / "__init__.pyi", {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body if file.exists() else []:
        for alias in getattr(node, "names", []):
            names[alias.name] = ".".join(["revorder", *room.relative_to(PACKAGE).parts, node.module or alias.name])
    return names


def listed(home: str) -> list[Public]:
    """The names of a public module but its own modules, in the order of its stub or `__all__`."""
    module = found(home)
    files = stub(PACKAGE.joinpath(*home.split(".")[1:])) or dict.fromkeys(module.__all__, module.__name__)
    names = [Public(home, name, file, getattr(module, name)) for name, file in files.items()]
    return [each for each in names if not isinstance(each.value, ModuleType)]


@cache
def modules() -> list[str]:
    """`revorder`, its public modules, and theirs: revorder.theory, revorder.experiments.budget, …"""
    homes = ["revorder"]
    for home in homes:  # grows on the way
        inner = [f"{home}.{name}" for name in stub(PACKAGE.joinpath(*home.split(".")[1:]))]
        homes += [each for each in inner if isinstance(found(each), ModuleType)]
    return homes


@cache
def everything() -> dict[str, Public]:
    """Full name -> public name, `revorder`'s own first."""
    return {each.full: each for home in modules() for each in listed(home)}


def constant(each: Public) -> str:
    """The comment `#:` above a constant, in its own file or the one that it is imported from."""
    code = ModuleAnalyzer.for_module(each.file)
    imports = {alias.name: node.module for node in ast.walk(ast.parse(code.code)) if isinstance(node, ast.ImportFrom)
               for alias in node.names}  # fmt: skip
    made_in = ModuleAnalyzer.for_module(imports[each.name]) if each.name in imports else code
    return "\n".join(made_in.find_attr_docs().get(("", each.name), []))


@cache
def entries() -> dict[str, str]:
    """Full name -> the full name under which the same thing has its entry: the first of them."""
    firsts: dict[int, str] = {}
    return {full: firsts.setdefault(id(each.value), full) for full, each in everything().items()}


def target(code: str, home: str = "revorder") -> str | None:
    """Whose entry code means, seen from a module: `ro.run(...)`, `Trajectory.frame`, `theory.error_bound`.

    >>> [target(code) for code in ("ro.run(update, ...)", "Trajectory.frame", "ro.theory", "theta")]
    ['revorder.run', 'revorder.Trajectory', 'revorder.theory', None]
    """
    dotted = re.sub(r"\(.*", "", code, flags=re.DOTALL)
    tried = [f"{home}.{dotted}", re.sub(r"^(ro\.|revorder\.)?", "revorder.", dotted)]
    for full in tried:
        if full in entries() or full in modules()[1:]:
            return entries().get(full, full)
    owners = (each.rpartition(".")[0] for each in tried if "." in dotted)
    return next((entries()[owner] for owner in owners if owner in entries()), None)
