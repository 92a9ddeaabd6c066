"""What is bound to a function, a class or an object besides its text: values that another process may bind otherwise.

These are arguments of partials, closures, defaults, attributes, and the globals of its own module that code names.
"""

from __future__ import annotations

import hashlib
import inspect
import types
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import PurePath
from typing import Any

import numpy as np

from revorder.experiments.holding import (
    array_of,
    attributes,
    has_file,
    in_cell,
    is_librarys,
    is_pythons,
    names_in,
    own_of,
    typed,
)

MOST = 10_000  # values that are looked at; what lies beyond them does not count
PLAIN = (int, float, complex, str, bytes, type(None), range, slice, PurePath)
HOLDERS = ("types", "argparse")  # modules of Python whose objects hold what a user puts there
WRITTEN = ("datetime", "decimal", "fractions", "uuid")  # those whose objects write themselves down
LAYERS = ("_parameters", "_buffers", "_modules")  # private attributes of a module that are a user's


def digest_of_bound(thing: Any, home: Any) -> str:
    """SHA-256 of all values that are bound to a thing; "" if there are none.

    Args:
        thing: what is looked at.
        home: the function or class that it was made by; helpers in its module are looked into, others named only.

    What cannot be compared between processes (a file, a lock, a generator's state) counts as its type.
    """
    walk, found = _Walk(getattr(home, "__module__", None)), []
    with suppress(Exception):  # of an object that does not let itself be looked at; RecursionError
        for line in walk.of(thing):
            found.append(line)
    return hashlib.sha256("\n".join(found).encode("utf8", "surrogatepass")).hexdigest() if walk.values else ""


class _Walk:
    """One walk through what is bound.

    Attributes:
        module: whose functions and classes are looked into.
        code: functions and classes that were looked into, by id.
        path: ids of the objects that lead to where the walk is.
        visits: how many objects were looked into.
        values: how many values were found that are no names of code.
    """

    def __init__(self, module: str | None):
        self.module = module
        self.code: dict[int, Any] = {}
        self.path: set[int] = set()
        self.visits = self.values = 0

    def of(self, thing: Any) -> Iterator[str]:
        """Lines that say what is bound."""
        if isinstance(thing, PLAIN) or type(thing).__module__ in WRITTEN or type(thing).__name__ in ("dtype", "device"):
            self.values += 1
            yield f"{type(thing).__name__} {thing.as_posix() if isinstance(thing, PurePath) else thing!r}"
            return
        yield self._name(thing)
        if id(thing) in self.path or id(thing) in self.code or self.visits >= MOST:
            return
        self.visits += 1
        if isinstance(thing, type | types.FunctionType):
            self.code[id(thing)] = thing
        self.path.add(id(thing))
        yield from self._inside(thing)
        self.path.discard(id(thing))

    def _inside(self, thing: Any) -> Iterator[str]:
        if isinstance(thing, partial):
            yield from self._parts({"func": thing.func, "args": thing.args, "keywords": thing.keywords})
        elif isinstance(thing, types.MethodType):
            yield from self._parts({"self": thing.__self__, "func": thing.__func__})
        elif isinstance(thing, types.FunctionType):
            yield from self._function(thing)
        elif isinstance(thing, type):
            for each in thing.__mro__ if not is_librarys(thing) else ():
                yield from self._parts(own_of(each)) if each.__module__ == self.module else ()
        elif isinstance(thing, dict):
            yield from sorted("\n".join([*self.of(name), *self.of(value)]) for name, value in thing.items())
        elif isinstance(thing, set | frozenset):
            yield from sorted("\n".join(self.of(one)) for one in thing)
        elif isinstance(thing, list | tuple):
            for one in thing:
                yield from self.of(one)
        elif (array := array_of(thing)) is not None:
            yield from self._array(array)
        else:
            yield from self._object(thing)

    def _function(self, thing: types.FunctionType) -> Iterator[str]:
        cells = zip(thing.__code__.co_freevars, thing.__closure__ or (), strict=True)
        bound = {name: in_cell(cell) for name, cell in cells}
        if is_librarys(thing):  # anything else is of its version
            yield from self._parts({name: value for name, value in bound.items() if isinstance(value, PLAIN)})
            return
        if thing.__defaults__ or thing.__kwdefaults__:
            bound |= {"defaults": thing.__defaults__, "kwdefaults": thing.__kwdefaults__}
        bound |= {name: value for name, value in vars(thing).items() if name == "__wrapped__"}
        yield from self._parts(bound)
        if thing.__module__ == self.module:
            named = sorted(names_in(thing.__code__) & thing.__globals__.keys())
            yield from self._parts({name: thing.__globals__[name] for name in named})
            if not has_file(thing):  # a helper of another cell
                yield from self.of(typed(thing))

    def _array(self, array: Any) -> Iterator[str]:
        self.values += 1
        if array.dtype == object:
            yield from self.of(array.tolist())
        else:
            yield f"{array.dtype} {array.shape} {hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()}"

    def _object(self, thing: Any) -> Iterator[str]:
        kind = type(thing)
        if "__wrapped__" in getattr(thing, "__dict__", {}):
            yield from self.of(thing.__wrapped__)  # behind a cache, which is no value
        elif not is_pythons(kind.__module__) or kind.__module__ in HOLDERS:
            kept = attributes(thing)
            if is_librarys(kind):
                kept = {name: value for name, value in kept.items() if not name.startswith("_") or name in LAYERS}
            yield from self._parts(kept)
            yield from self.of(kind)

    def _parts(self, parts: Mapping[str, Any]) -> Iterator[str]:
        for name, value in parts.items():
            yield f"{name}:"
            yield from self.of(value)

    def _name(self, thing: Any) -> str:
        """Of code its own, of anything else that of its class; a file is called otherwise where it is the main one."""
        code = thing if isinstance(thing, type) or inspect.isroutine(thing) or inspect.ismodule(thing) else type(thing)
        home, name = getattr(code, "__module__", ""), getattr(code, "__qualname__", getattr(code, "__name__", ""))
        return str(name if home == self.module else f"{home} {name}")
