"""Documentation: every public name says what it is, what it takes, and where a theorem comes from."""

from __future__ import annotations

import doctest
import importlib
import inspect
import re

import pytest

import revorder as ro
from revorder.engines.choice import Engine
from revorder.engines.places import Keeper
from revorder.orders import Order
from revorder.pytrees import Update

MODULES = """
    batches course course.profiles data.datasets data.images diagnostics engines.affine engines.choice engines.places
    engines.replay engines.wavefront errors experiments experiments.budget experiments.reports experiments.summaries
    models orders planning.plan plots plots.picture problems running.run running.seeds running.watching theory
    trajectories.origins trajectories.seed_runs trajectories.trajectory updates.augmentation updates.comparators
    updates.descent updates.lie updates.modules widgets
"""
# what a learner calls, besides the names of `revorder` itself; the rest serves these
CALLED = """
    batches course data.datasets data.images diagnostics experiments experiments.budget models plots plots.picture
    problems theory updates.comparators widgets
"""
PROTOCOLS = (Order, Engine, Keeper, Update)  # what they prescribe is documented there, once
MANY = 3  # parameters from which on a docstring has a list of them
SHOWN = """
    adam augmented module_loss order plan run run_seeds sgd torch_update
    batches.flipflop batches.iid batches.incremental batches.labels batches.reshuffle batches.shuffle_once
"""
# all functions of these, too
SHOWN_ALL = {
    home: [name for name in getattr(ro, home).__all__ if name[0].islower()] for home in ("theory", "diagnostics")
}


def public(module):
    """The public names of a module: its `__all__`, or what it defines without an underscore."""
    if hasattr(module, "__all__"):
        return module.__all__
    own = {name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__}
    return sorted(name for name in own if not name.startswith("_"))


def objects():
    """(dotted name, function or class) for all public ones."""
    for home in ["", *MODULES.split()]:
        module = importlib.import_module(f"revorder.{home}".rstrip("."))
        for name in public(module):
            value = getattr(module, name)
            if inspect.isfunction(value) or inspect.isclass(value):
                yield f"{home}.{name}".lstrip("."), value


def methods(kinds):
    """(dotted name, function) for all public methods and properties that are defined in public classes."""
    for name, kind in kinds.items():
        for each, value in vars(kind).items():
            function = getattr(value, "fget", None) or getattr(value, "func", None) or getattr(value, "__func__", value)
            if not each.startswith("_") and inspect.isfunction(function):
                yield f"{name}.{each}", function


OBJECTS = dict(objects())
METHODS = dict(methods({name: value for name, value in OBJECTS.items() if inspect.isclass(value)}))
FUNCTIONS = {name: value for name, value in OBJECTS.items() if inspect.isfunction(value)}
BY_NAME = {value.__name__: value for value in FUNCTIONS.values()}


def parameters(function):
    return [name for name in inspect.signature(function).parameters if not name.startswith("_")]


def explanation(value):
    """A docstring, with those of the functions that it refers to, such as "Args: as for `sgd`"."""
    said = inspect.getdoc(value) or ""
    named = {BY_NAME.get(name) for name in re.findall(r"\bas(?: for| in)? `(?:\w+\.)*(\w+)`", said)}
    return "\n".join([said, *(explanation(other) for other in named - {None, value})])


def prescribed(name):
    """Whether a protocol says what the method does."""
    method = name.split(".")[-1]
    return any(vars(protocol)[method].__doc__ for protocol in PROTOCOLS if method in vars(protocol))


@pytest.mark.parametrize("name", OBJECTS)
def test_every_public_name_has_a_docstring_of_its_own(name):
    value = OBJECTS[name]
    said = vars(value)["__doc__"] if inspect.isclass(value) else value.__doc__
    assert said and not said.startswith(f"{value.__name__}("), f"{name} has none, or what dataclasses wrote"


@pytest.mark.parametrize("name", METHODS)
def test_every_public_method_has_a_docstring(name):
    assert METHODS[name].__doc__ or prescribed(name)


@pytest.mark.parametrize(
    "name", [name for name in FUNCTIONS if "." not in name or name.rpartition(".")[0] in CALLED.split()]
)
def test_every_parameter_is_explained(name):
    taken, said = parameters(FUNCTIONS[name]), explanation(FUNCTIONS[name])
    # "a, b: what they are" in a list, or `a` in a sentence
    unsaid = [each for each in taken if not re.search(rf"^ *(\w+, )*{each}(, \w+)*:|`{each}`", said, re.MULTILINE)]
    assert len(taken) < MANY or (unsaid == [] and re.search(r"^ *Args\b", said, re.MULTILINE)), unsaid or "no Args:"


@pytest.mark.parametrize("name", ro.theory.__all__)
def test_theorems_cite_their_source(name):
    """In the docstring, or for all of its module: a year, or an arXiv number."""
    function = getattr(ro.theory, name)
    said = f"{inspect.getdoc(function)}\n{inspect.getmodule(function).__doc__}"
    assert re.search(r"\b(1[89]|20)\d\d\b|arXiv", said)


@pytest.mark.parametrize(
    "name", SHOWN.split() + [f"{home}.{name}" for home, names in SHOWN_ALL.items() for name in names]
)
def test_entry_points_have_an_example_that_is_run(name):
    """`pytest --doctest-modules` runs them; an example that is skipped or shows nothing is none."""
    (found,) = doctest.DocTestFinder(recurse=False).find(FUNCTIONS[name], name)
    assert any(example.want and doctest.SKIP not in example.options for example in found.examples)
