"""What a notebook of the course must have: each rule takes a notebook and lists what it finds wrong."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator

from nbformat import NotebookNode
from notebook_parts import code, figures, folded, names, outputs, prose, tags, widgets
from pattern_rules import PATTERN, is_led

import revorder as ro

Rule = Callable[[NotebookNode], Iterator[str]]
RULES: dict[str, Rule] = {}
CLOSING = "## What you should have seen"
MINUTES = r"\*\*Time\*\*\s+(?:about )?(\d+)(?:\s*(?:to|-)\s*(\d+))? minutes"
LONGEST_CELL, LARGEST_FIGURE = 14, 80_000  # lines, bytes


def rule(function: Rule) -> Rule:
    RULES[function.__name__] = function
    return function


def complaints(notebook: NotebookNode) -> list[str]:
    return [f"{name}: {complaint}" for name, rule in RULES.items() for complaint in rule(notebook)]


def asked(notebook: NotebookNode) -> list[str]:
    """The exercises that the notebook checks."""
    return re.findall(r'ro\.course\.check\("([^"]+)"', "\n".join(cell.source for cell in code(notebook)))


def claims(notebook: NotebookNode) -> list[str]:
    closing = (prose(notebook).split(CLOSING) + [""])[1].split("\n## ")[0]
    return re.findall(r"^\d+\. (?:.|\n(?=   ))*", closing, flags=re.MULTILINE)


def asserted(notebook: NotebookNode) -> dict[int, set[str]]:
    """Number of a claim -> the sections with an assertion that ends as `assert gap < 1e-6  # claim 2` does."""
    found, section = {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            section = (re.findall(r"^## (\d+) ", cell.source, flags=re.MULTILINE) or [section])[-1]
        for number in marked(cell) if cell.cell_type == "code" else ():
            found.setdefault(number, set()).add(section)
    return found


def marked(cell: NotebookNode) -> list[int]:
    """The claims that the assertions of a cell end with."""
    lines = cell.source.splitlines()
    ends = [lines[node.end_lineno - 1] for node in parsed(cell.source) if isinstance(node, ast.Assert)]
    notes = [re.search(r"# claim (\d+(?:, \d+)*)$", end) for end in ends]
    return [int(number) for note in notes if note for number in note.group(1).split(", ")]


def parsed(source: str) -> list[ast.AST]:
    """All nodes of a cell's syntax tree, each at the line where it stands; magics are left out."""
    return list(ast.walk(ast.parse(re.sub(r"^( *)[%!].*", r"\1pass", source, flags=re.MULTILINE))))


def public(path: str) -> bool:
    """Whether each name of a dotted path, such as ro.plots.figure, is public in the module before it."""
    at = ro
    for name in path.split(".")[1:]:
        if not inspect.ismodule(at):
            return True  # what objects have is theirs
        if name not in getattr(at, "__all__", ()):
            return False
        at = getattr(at, name)
    return True


@rule
def runs_in_order(notebook):
    """Committed from one complete run in order, without errors."""
    if [cell.execution_count for cell in code(notebook)] != list(range(1, len(code(notebook)) + 1)):
        yield "execution counts are not 1, 2, 3, …"
    if any(output.output_type == "error" or output.get("name") == "stderr" for output in outputs(notebook)):
        yield "an output is an error, or went to stderr"
    if "widgets" in notebook.metadata:
        yield "the state of widgets is stored"


@rule
def says_what_it_is_for(notebook):
    opening = "\n".join(cell.source for cell in notebook.cells[:8]) if is_led(notebook) else notebook.cells[0].source
    for heading in ("What you will be able to do", "Time", "Prerequisites"):
        if f"**{heading}" not in opening:
            yield f"the opening lacks {heading!r}"
    predict = () if is_led(notebook) else ("**Predict.**",)
    for part in (*predict, CLOSING, "References", "arxiv.org/abs/2502.01557"):
        if part not in prose(notebook):
            yield f"{part!r} is missing"


@rule
def says_how_long_it_takes(notebook):
    """Within a factor of two of an estimate: 150 words, 2.5 cells, 1 figure or a quarter of an exercise a minute.

    A live figure takes three minutes to play with, a prediction one.
    """
    stated = re.search(MINUTES, prose(notebook))
    if stated is None:
        yield "no time in minutes"
        return
    middle = sum(map(int, filter(None, stated.groups()))) / len([end for end in stated.groups() if end])
    reading, looking = len(prose(notebook).split()) / 150, len(figures(notebook))
    cells = [cell for cell in code(notebook) if not folded(cell) and not widgets(cell)]
    playing = 2 * len([name for name in names(notebook) if name != "Predict"]) + names(notebook).count("Predict")
    estimate = reading + 0.4 * len(cells) + looking + playing + 4 * len(asked(notebook))
    if not estimate / 2 <= middle <= estimate * 2:
        yield f"{middle:g} minutes are stated, {estimate:.0f} estimated"


@rule
def has_a_widget_and_a_static_figure_of_it(notebook):
    if not any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in outputs(notebook)):
        yield "no widget"
    pictured = [cell for cell in code(notebook) if any("image/png" in o.get("data", {}) for o in cell.outputs)]
    if not is_led(notebook) and not any(".picture" in cell.source for cell in pictured):
        yield "no static figure of a widget's default state"
    if len(pictured) != len(figures(notebook)):
        yield "two figures in one cell"


@rule
def figures_have_alt_text_and_stay_small(notebook):
    for data in figures(notebook):
        alt = re.search(r'<img[^>]* alt="([^"]*)"', data.get("text/html", ""))
        if alt is None or len(alt.group(1)) <= 40:
            yield "a figure lacks alt text"
        if len(data["image/png"]) * 3 / 4 >= LARGEST_FIGURE:
            yield "a figure is too large"


@rule
def has_exercises_left_to_the_learner(notebook):
    if len(asked(notebook)) < 2:
        yield "fewer than two exercises with checks"
    said = "".join(output.get("text", "") + str(output.get("data", {})) for output in outputs(notebook))
    yield from (f"exercise {name} is not left open" for name in asked(notebook) if f"{name}: not answered" not in said)


@rule
def every_claim_at_the_end_is_asserted(notebook):
    numbered = claims(notebook)
    if len(numbered) < 3:
        yield "fewer than three claims at the end"
    proven = asserted(notebook)
    for number, claim in enumerate(numbered, 1):
        ending = re.search(r"\*\((?:asserted|Section (\d+))\)\*$", claim)
        if ending is None or not claim.startswith(f"{number}. "):
            yield f"claim {number} does not say where it is asserted: {claim}"
        elif number not in proven:
            yield f"no assertion ends with '# claim {number}'"
        elif ending.group(1) and ending.group(1) not in proven[number]:
            yield f"claim {number} is asserted in {sorted(proven[number])}, not in Section {ending.group(1)}"
    yield from (f"there is no claim {number}" for number in sorted(proven) if number > len(numbered))


@rule
def deterministic_text_is_compared(notebook):
    compared = [cell for cell in code(notebook) if "nbval-check-output" in tags(cell)]
    if not compared or not all(cell.outputs for cell in compared):
        yield "no cell's text is compared, or one without text is"
    for cell in code(notebook):
        texts = [o for o in cell.outputs if o.output_type == "stream" or set(o.get("data", {})) == {"text/plain"}]
        if texts and "perf_counter" not in cell.source and cell not in compared:  # seconds differ from run to run
            yield f"text is not compared: {cell.source}"


@rule
def cells_are_short_and_know_no_machine(notebook):
    for cell in code(notebook):
        if len(cell.source.splitlines()) > LONGEST_CELL and not folded(cell):
            yield f"a long cell: {cell.source}"
        if re.search(r"[/\\](home|work|tmp|root|usr)[/\\]", cell.source + str(cell.outputs)[:2000]):
            yield f"a path of a machine: {cell.source}"


@rule
def imports_only_what_is_public(notebook):
    """`import revorder as ro`, and public names of at most one public submodule, also in examples in the prose."""
    examples = re.findall(r"^```py(?:thon)?\n(.*?)^```", prose(notebook), flags=re.MULTILINE | re.DOTALL)
    sources, homes = [*(cell.source for cell in code(notebook)), *examples], set()
    for node in (node for source in sources for node in parsed(source)):
        if isinstance(node, ast.Import):
            ours = [name for name in node.names if name.name.split(".")[0] == "revorder"]
            yield from (ast.unparse(node) for name in ours if (name.name, name.asname) != ("revorder", "ro"))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "revorder":
            homes.add(node.module)
            hidden = [name.name for name in node.names if not public(f"{node.module}.{name.name}")]
            yield from (f"{node.module}.{name} is not public" for name in hidden)
            if node.module == "revorder":
                yield f"{ast.unparse(node)}: what it names can be had as ro.…"
    if len(homes) > 1:
        yield f"names are imported from {' and '.join(sorted(homes))}: from one of them at most"
    used = {path for source in sources for path in re.findall(r"(?<![\w.])ro(?:\.\w+)+", source)}
    yield from (f"{path} is not public" for path in sorted(used) if not public(path))


RULES |= PATTERN
