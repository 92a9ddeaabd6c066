"""What rules read of a notebook: its cells, its prose, what it has put out."""

from __future__ import annotations

import re

from nbformat import NotebookNode

WIDGET = "application/vnd.jupyter.widget-view+json"


def code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook: NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in code(notebook) for output in cell.outputs]


def figures(notebook: NotebookNode) -> list[NotebookNode]:
    return [output.data for output in outputs(notebook) if "image/png" in output.get("data", {})]


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def folded(cell: NotebookNode) -> bool:
    """In JupyterLab and on the site."""
    hidden = cell.metadata.get("jupyter", {}).get("source_hidden", False)
    return hidden and "hide-input" in tags(cell)


def widgets(cell: NotebookNode) -> list[NotebookNode]:
    """What a cell has put out as widgets."""
    return [output.data for output in cell.get("outputs", []) if WIDGET in output.get("data", {})]


def markup(data: NotebookNode) -> str:
    return "".join(data.get("text/html", ""))


def names(notebook: NotebookNode) -> list[str]:
    """The live figures that a notebook makes, by class."""
    return re.findall(r"ro\.live\.(\w+)\(", "\n".join(cell.source for cell in code(notebook)))


def visible_lines(notebook: NotebookNode) -> int:
    locked = [cell for cell in code(notebook) if not folded(cell)]
    return sum(len([line for line in cell.source.splitlines() if line.strip()]) for cell in locked)


def words(notebook: NotebookNode) -> int:
    """Of the prose; a formula counts as one."""
    text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)|<[^>]*>", " x ", prose(notebook), flags=re.DOTALL)
    return len(re.findall(r"\w[\w'’.-]*", text))
