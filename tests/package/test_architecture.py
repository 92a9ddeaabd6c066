"""The data flow of the package: imports between rooms follow the arrows, and planning needs no torch."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter

import pytest
from processes import printed

# room (a folder, or a file on top) -> the rooms that it may import, besides the ground; theory imports nothing of ours
GROUND = {"errors", "once", "pytrees", "showing"}
ARROWS = {
    "errors": "",
    "once": "",
    "pytrees": "",
    "showing": "",
    "theory": "",
    "orders": "",
    "batches": "",
    "data": "",
    "updates": "",
    "models": "updates",
    "planning": "orders",
    "fast": "",
    "engines": "planning updates fast",
    "trajectories": "data",
    "running": "orders batches planning engines trajectories",
    "problems": "orders batches data models updates running trajectories",
    "diagnostics": "theory updates trajectories",
    "plots": "theory planning trajectories diagnostics",
    "live": "theory orders data updates planning trajectories running problems diagnostics plots",
    "experiments": "orders batches data models updates planning engines trajectories running problems diagnostics "
    "plots",
    "widgets": "data updates trajectories running problems diagnostics plots experiments",
    "course": "theory orders updates planning data models experiments",
    "__main__": "experiments course",
}
# only what has an oracle on integers: numpy is allowed, torch is not
WITHOUT_TORCH = {"errors", "fast", "once", "orders", "planning", "showing", "theory"}


# imports modules of its own room by the names of exercises
BY_NAME = {"course.checking", "experiments.bringing"}  # the latter: what a person asks for, and nothing else


def room_of(module):
    return module.split(".")[0]


def allowed(room):
    """The rooms that a room may import; all may import the ground, but theory and the ground itself."""
    return set(ARROWS[room].split()) | (set() if room in GROUND | {"theory"} else GROUND)


def modules(root):
    """(dotted name, path) for every module; a package goes by its own name."""
    for path in sorted((root / "revorder").rglob("*.py")):
        name = ".".join(path.relative_to(root / "revorder").with_suffix("").parts).removesuffix(".__init__")
        if name != "__init__":
            yield name, path


def for_type_checkers(tree):
    """All that stands under `if TYPE_CHECKING:`; what stands under its `else:` is run."""
    guards = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
    ]
    return {id(inner) for guard in guards for statement in guard.body for inner in ast.walk(statement)}


def imports(code):
    """(module of ours, names taken from it, what it is called here) for all that code imports at run time."""
    tree = ast.parse(code)
    typing_only = for_type_checkers(tree)
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are absolute, so that a line says where a name comes from"
            if node.module == "revorder":  # a room, or a name of the stub on top
                yield from ((alias.name, [], alias.asname or alias.name) for alias in node.names)
            elif (node.module or "").startswith("revorder."):
                for alias in node.names:
                    yield node.module.removeprefix("revorder."), [alias.name], alias.asname or alias.name
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "revorder":
                    yield alias.name.removeprefix("revorder").removeprefix("."), [], alias.asname or "revorder"


def attributes(code, name):
    """The attributes that code takes of a name."""
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Attribute)]
    return [node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == name]


def faults(name, code):
    """What a module imports from rooms that it may not import, and private names of other rooms."""
    room = room_of(name)
    found = []
    for module, names, here in imports(code):
        other, taken = room_of(module), [*names, *attributes(code, here)]
        if not module:  # revorder itself, which is all rooms at once: only its version may be asked for
            if set(taken) - {"__version__"} or not taken:
                found.append(f"{name} imports revorder as a whole")
        elif other not in ARROWS:
            found.append(f"{name} imports {module} from revorder: say which room it is from")
        elif other != room and other not in allowed(room):
            found.append(f"{name} imports {module}: no arrow from {room} to {other}")
        private = [part for part in [*module.split("."), *taken] if part.startswith("_") and part != "__version__"]
        if other != room and private:
            found.append(f"{name} takes {private[0]}, a private name of {other}")
    called = {ast.unparse(node.func) for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)}
    if {"importlib.import_module", "import_module", "__import__", "exec", "eval", "lazy_loader.load"} & called:
        found += [] if name in BY_NAME else [f"{name} imports by a text, which hides the arrow"]
    return found


def test_imports_follow_the_arrows(root):
    assert [fault for name, path in modules(root) for fault in faults(name, path.read_text())] == []


def test_every_arrow_is_used(root):
    """What a room may import and never does is no arrow of the picture."""
    used = {}
    for name, path in modules(root):
        code = path.read_text().replace("if TYPE_CHECKING:", "if True:")  # arrows of types count here
        used.setdefault(room_of(name), set()).update(room_of(module) for module, *_ in imports(code))
    assert {room: set(ARROWS[room].split()) - used[room] for room in ARROWS} == {room: set() for room in ARROWS}


def test_arrows_never_run_back():
    list(TopologicalSorter({room: allowed(room) for room in ARROWS}).static_order())  # raises CycleError


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("planning.trie", "from revorder.engines.replay import Replay"),
        ("engines.maps", "from revorder.running.run import run"),
        ("updates.descent", "from revorder.models import mlp"),
        ("theory.bounds", "from revorder.errors import whole"),
        ("orders", "import revorder.planning.plan"),
        ("pytrees", "from revorder.errors import whole"),
        ("plots.paths", "from revorder import widgets"),
        ("widgets.panel", "from revorder.running.run import _check"),
        ("diagnostics.laws", "from revorder.updates import _private"),
        ("planning.trie", "from revorder import Replay"),
        ("planning.trie", "from revorder import *"),
        ("planning.trie", "import revorder as ro; ro.plots.paths"),
        ("planning.trie", "import revorder"),
        ("engines.maps", "import importlib; importlib.import_module('revorder.plots.paths')"),
        ("engines.maps", "__import__('revorder.plots.paths')"),
        ("experiments.job", "from revorder.running import run as verb; verb._check"),
        ("experiments.job", "import revorder.running.run as verb; verb._check"),
    ],
)
def test_a_planted_import_is_noticed(name, planted):
    assert len(faults(name, planted)) == 1
    assert len(faults(name, f"def late():\n    {planted}")) == 1
    assert len(faults(name, f"if TYPE_CHECKING:\n    pass\nelse:\n    {planted}")) == 1


def test_imports_for_type_checkers_are_free():
    for guard in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
        assert faults("errors", f"if {guard}:\n    from revorder.orders import Order") == []


def test_every_room_is_there_and_no_other(root):
    assert {room_of(name) for name, _ in modules(root)} == set(ARROWS)
    on_top = {path.stem for path in (root / "revorder").glob("*.py")}
    assert on_top == {"__init__", "__main__", "orders", "batches", "problems", "errors", "once", "pytrees", "showing"}


def test_every_room_says_which_arrow_it_is(root):
    """Its first sentence: the arrow, or that it stands beside them; what comes in, and what goes out."""
    for path in (root / "revorder").glob("*/__init__.py"):
        first = ast.get_docstring(ast.parse(path.read_text())).split("\n")[0]
        assert first.startswith(("Arrow: ", "Beside the arrows: ")) and first.endswith("."), path
        assert " come in" in first.replace("comes", "come") and " out" in first, path
        lines = path.read_text().splitlines()
        assert len(lines) < 20, f"{path} is a face, not a place for code"


def test_orders_plans_and_theory_need_no_torch():
    code = """
import sys
sys.modules["torch"] = None
import revorder as ro
print(ro.plan("backward", range(1, 101), [i % 10 for i in range(100)]).cost)
print(ro.theory.error_bound(0.5, 1, 2))
"""
    assert printed("-c", code).split() == ["955", "2.0"]


def names_torch(code):
    nodes = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Import | ast.ImportFrom)]
    modules = [alias.name for node in nodes for alias in node.names if isinstance(node, ast.Import)]
    modules += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return any(module.split(".")[0] == "torch" for module in modules)


def test_rooms_of_integers_never_name_torch(root):
    assert names_torch("from torch import nn") and names_torch("import torch.nn.functional as F")
    assert [
        name for name, path in modules(root) if room_of(name) in WITHOUT_TORCH and names_torch(path.read_text())
    ] == []


MOST = 200  # lines of a file
LONGER: dict[str, str] = {}  # module -> why a reader accepts it


def test_files_stay_small(root):
    sizes = {name: len(path.read_text().splitlines()) for name, path in modules(root)}
    assert {name for name, size in sizes.items() if size > MOST} == set(LONGER)
