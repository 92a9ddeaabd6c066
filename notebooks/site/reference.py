"""The reference: every public name under the docstring that it has in the library.

A page of notebooks/reference asks for names with a fence: {public} theory stands for all names of `revorder.theory`,
{public} orders for those of `revorder` itself that come from the room orders. A new name appears by itself.
"""

from __future__ import annotations

import importlib
import inspect
import re
from textwrap import dedent, indent
from typing import Any

from docutils import nodes
from public import Public, constant, entries, everything, listed, modules, target
from sphinx.addnodes import desc_addname
from sphinx.ext.napoleon import GoogleDocstring

from revorder.engines.choice import Engine
from revorder.orders import Order

FENCE = re.compile(r"^```\{public\} ([\w.]+)\n```$", re.MULTILINE)
LONG = 100  # letters of a constant that are shown
END = r"(?<=[.:])\s(?=[A-Z`])"  # of a sentence
RETURNS = re.compile(r"^Returns:\n((?:(?:    .*)?\n)+)", re.MULTILINE)
CODE = re.compile(r"""(`[^`]+`|"[\w:.-]+")""")  # "backward" would get curly quotes
MEANS_SOMETHING = re.compile(r"(\*\w[\w -]*\*)|([*|\\]|_(?!\w))")  # to reStructuredText; *word* is meant so
#: methods that many classes have, and one protocol describes: name -> what it says
SHARED = {"word": inspect.getdoc(Order.word), "states": f"{inspect.getdoc(Engine.states)}\n\n{inspect.getdoc(Engine)}"}


def asked(text: str) -> list[Public]:
    """What a fence {public} text stands for.

    Raises:
        LookupError: nothing public comes from there.
    """
    if f"revorder.{text}" in modules():
        return listed(f"revorder.{text}")
    names = [each for each in listed("revorder") if f"{each.file}.".startswith(f"revorder.{text}.")]
    if not names:
        raise LookupError(f"{{public}} {text}: neither a public module nor a room from which revorder has a name")
    return names


def described(names: list[Public]) -> str:
    """Names in reStructuredText: a list of them, then their entries, file by file, under what opens the file."""
    home = names[0].home
    parts = ["\n".join(map(summary, names))]
    if home != "revorder":  # its names stand on several pages
        parts.insert(0, f".. py:module:: {home}")
    for file in dict.fromkeys(each.file for each in names):
        opening = markup(inspect.getdoc(importlib.import_module(file)) or "", home)
        parts.append(f".. container:: opening\n\n{indent(opening, '   ')}")
        parts += [entry(each) for each in names if each.file == file]
    return "\n\n".join(parts)


def index() -> str:
    """All names, module by module."""
    parts = [".. py:module:: revorder"]
    for home in modules():
        names = ", ".join(f":py:obj:`~{entries()[each.full]}`" for each in listed(home))
        parts.append(f"``{re.sub('^revorder', 'ro', home)}``\n   {names}")
    return "\n\n".join(parts)


def entry(each: Public) -> str:
    """The directive for one name; what has its entry elsewhere gets a line that points there."""
    if (first := entries()[each.full]) != each.full:
        return f"``{each.name}`` is :py:obj:`{first}`."
    kind = "class" if inspect.isclass(each.value) else "function" if callable(each.value) else "data"
    long = kind == "data" and len(repr(each.value)) > LONG
    return f".. auto{kind}:: {each.full}" + long * "\n   :no-value:"


def summary(each: Public) -> str:
    """An item: a name, linked, and the first sentence of its docstring."""
    said = " ".join(docstring(each.full, each.value).split("\n\n")[0].split())
    return f"* :py:obj:`~{entries()[each.full]}`: {markup(re.split(END, said)[0], each.home)}"


def markup(text: str, home: str = "revorder", parameters: tuple[str, ...] = ()) -> str:
    """A docstring in reStructuredText: `code` becomes a link or code, and no other sign means anything.

    >>> print(markup("how |x_ - y| moves, see `ro.run` and `x*y`"))
    how \\|x\\_ - y\\| moves, see :py:obj:`ro.run <revorder.run>` and ``x*y``
    """
    parts = CODE.split(text)
    parts[::2] = [MEANS_SOMETHING.sub(lambda sign: sign[1] or "\\" + sign[0], part) for part in parts[::2]]
    parts[1::2] = [linked(part.strip("`"), home, parameters) for part in parts[1::2]]
    return "".join(parts)


def linked(code: str, home: str, parameters: tuple[str, ...]) -> str:
    """A link, where code is a public name and no parameter of what the docstring is about; else code."""
    known = None if re.match(r"\w*", code)[0] in parameters else target(code, home)
    return f":py:obj:`{code} <{known}>`" if known else f"``{code}``"


def docstring(full: str, value: Any) -> str:
    """What the library says of something."""
    if full in everything() and not callable(value):
        return constant(everything()[full])
    return inspect.getdoc(value) or ""


def skipped(app: Any, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    """What a protocol describes is shown where it has no docstring of its own; autodoc decides about anything else."""
    return False if shared(name, obj) else None


def shared(name: str, obj: Any) -> str:
    """What a protocol says of a method without a docstring; "" if none does."""
    return SHARED.get(name.rpartition(".")[2], "") if inspect.isfunction(obj) and not inspect.getdoc(obj) else ""


def parameters(obj: Any) -> tuple[str, ...]:
    """Names of parameters; exceptions of our own have a signature that Python does not tell."""
    try:
        return tuple(inspect.signature(obj).parameters)
    except (TypeError, ValueError):
        return ()


def process(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """A docstring on its way into the site; its examples stay as they are.

    To napoleon properties are methods: in theirs it would take what stands before a colon for a type.
    """
    if what == "data":
        lines[:] = docstring(name, obj).split("\n")
    elif what == "method" and (said := shared(name, obj)):
        lines[:] = said.split("\n")
    first = next((number for number, line in enumerate(lines) if line.lstrip().startswith(">>>")), len(lines))
    prose = RETURNS.sub(as_field, "\n".join(lines[:first]))
    prose = markup(prose, name.rpartition(".")[0], parameters(obj))
    kind = what if what in {"class", "function", "exception"} else "method"
    text = [*prose.split("\n"), *lines[first:]]
    lines[:] = GoogleDocstring(text, app.config, app, kind, name, obj, options).lines()


def as_field(section: re.Match[str]) -> str:
    """What comes back, as a field; napoleon would take what stands before a colon for a type. Several have bullets."""
    body = dedent(section[1]).strip()
    if len(re.findall(r"^\w+: ", body, re.MULTILINE)) > 1:
        body = "\n" + re.sub(r"^(?=\w+: )", "- ", re.sub(r"^ +", "  ", body, flags=re.MULTILINE), flags=re.MULTILINE)
    return f":returns: {indent(body, '    ').lstrip(' ')}\n\n"


def tidy(app: Any, domain: str, kind: str, content: Any) -> None:
    """Names are shown as users type them, after `import revorder as ro`; types of results are left to the docstring."""
    for prefix in list(content.parent[0].findall(desc_addname)):
        prefix.replace_self(desc_addname("", re.sub(r"^revorder\.", "ro.", prefix.astext())))
    for field in [each for each in content.findall(nodes.field) if each[0].astext() == "rtype"]:
        field.parent.remove(field)


def shown(text: str) -> str:
    """Markdown that stands in the place of a fence {public} text; the modules of a room follow its own names."""
    parts = [index() if text == "names" else described(asked(text))]
    inner = [home for home in modules() if home.rpartition(".")[0] == f"revorder.{text}"]
    headings = [f"\n\n## `{re.sub('^revorder', 'ro', home)}`\n\n" for home in inner]
    parts += [described(listed(home)) for home in inner]
    return "".join(
        f"{heading}```{{eval-rst}}\n{part}\n```" for heading, part in zip(["", *headings], parts, strict=True)
    )


def show_names(app: Any, docname: str, source: list[str]) -> None:
    """The fences of a page become the entries of its names."""
    if docname.startswith("reference/"):
        source[0] = FENCE.sub(lambda fence: shown(fence[1]), source[0])


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx, as an extension."""
    app.connect("source-read", show_names)
    app.connect("object-description-transform", tidy, priority=600)
    app.connect("autodoc-skip-member", skipped)
    app.connect("autodoc-process-docstring", process)
    return {"parallel_read_safe": True}
