"""What rules read of a notebook: its cells, its prose, what it has put out."""

from __future__ import annotations

from nbformat import NotebookNode


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
