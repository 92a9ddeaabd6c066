"""The untrusted side: runs a student's cells, then answers questions with data. Nothing here is secret, or believed."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import sys
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from revorder.course.asking import outcomes

LONGEST = 4000  # characters of what a cell prints
WATCHED = ("builtins", "json", "numpy", "numpy.random", "numpy.linalg", "torch", "torch.nn.functional", "revorder",
           "revorder.course.checking", "revorder.course.judging", "revorder.course.asking")  # fmt: skip


def serve(channel: socket.socket) -> None:
    """Messages are lines of JSON: the cells come first; when all have run, one question after another."""
    lines, shell = channel.makefile("rw", encoding="utf-8"), _shell()
    before = _snapshot(shell)
    for line in lines:
        message = json.loads(line)
        if "cells" not in message:
            _send(lines, _answered(shell.user_ns, message))
            continue
        for number, text in message["cells"]:
            _send(lines, {"cell": number, "printed": _printed(shell, text)})
        _send(lines, {"noticed": _noticed(before, _snapshot(shell))})


def _send(lines: Any, message: dict[str, Any]) -> None:
    lines.write(json.dumps(message) + "\n")
    lines.flush()


def _shell() -> Any:
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=config)
    shell.display_formatter.active_types = ["text/plain"]
    shell.display_formatter.mimebundle_formatter.enabled = False  # nobody looks at figures here
    return shell


def _printed(shell: Any, text: str) -> str:
    """What a cell prints, the error included that it ends in."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        shell.run_cell(text)
    return said.getvalue()[:LONGEST]


def _answered(names: dict[str, Any], question: dict[str, Any]) -> dict[str, Any]:
    answer = names.get(question["variable"], ...)
    if answer is ...:
        return {"unanswered": True}
    if not callable(answer):
        return {"kind": type(answer).__name__}
    with contextlib.redirect_stdout(io.StringIO()):
        return {"outcomes": outcomes(question["ask"], answer, question["cases"])}


def _snapshot(shell: Any) -> dict[str, dict[str, Any]]:
    """What cells could change without being seen: names of modules, and what IPython does to a cell before it runs."""
    manager = shell.input_transformer_manager
    found = {name: dict(vars(sys.modules[name])) for name in WATCHED if name in sys.modules}
    transformers = [*shell.input_transformers_post, *shell.ast_transformers, *manager.token_transformers]
    transformers += [*manager.cleanup_transforms, *manager.line_transforms]
    callbacks = [call for calls in shell.events.callbacks.values() for call in calls]
    return found | {"IPython": {"transformers": len(transformers), "callbacks": len(callbacks)}}


def _noticed(before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> list[str]:
    gone = object()
    return [
        f"{module}.{name} was changed"
        for module, names in before.items()
        for name, value in names.items()
        if not name.startswith("__") and after.get(module, {}).get(name, gone) is not value
    ][:50]
