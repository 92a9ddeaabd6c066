"""The card of a result: on what machine and with which versions it was made, and of what code that is not ours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from revorder.experiments.own import Own
from revorder.trajectories.origins import provenance


def machine(device: str) -> dict[str, Any]:
    """Processor or GPU, threads and versions, for the device that ran."""
    record = provenance(device)
    versions = {name: record["versions"][name] for name in ("python", "torch", "revorder")}
    return {name: record[name] for name in ("device", "processor", "threads")} | versions


def declared(used: Sequence[Own]) -> list[dict[str, Any]]:
    """What a card says of each registered thing: kind, name, qualified name, file, its SHA-256, and bound values'."""
    return [
        {"kind": own.kind, "name": own.name, "object": own.source.name, "file": own.source.file,
         "sha256": own.source.sha256, "bound": own.source.bound} for own in used
    ]  # fmt: skip


def check_unchanged(card: dict[str, Any], now: Sequence[dict[str, Any]]) -> None:
    """Raise ValueError if what a folder was begun with is registered otherwise now.

    What somebody typed in a session whose text cannot be found has no digest, and folders from before have none of
    bound values; these cannot be compared here. How a job begins is (`beginnings.py`). A loader may bind another
    folder: its examples are compared.
    """
    before = {(line["kind"], line["name"]): line for line in own_lines(card)}
    for line in now:
        then = before.get((line["kind"], line["name"]), line)
        digests = then.get("sha256"), line["sha256"]
        if digests[0] != digests[1] and None not in digests:
            file = line["file"] or "what was typed"
            raise ValueError(
                f"own: {line['kind']} {line['name']!r} is not what this folder was begun with: {file} has changed "
                f"since (SHA-256 {str(digests[0])[:12]}… then, {digests[1][:12]}… now). Results of both must not be "
                "mixed: put the file back, or begin in another folder"
            )
        bound = then.get("bound"), line["bound"]
        if line["kind"] != "dataset" and bound[0] != bound[1] and None not in bound:
            raise ValueError(
                f"own: {line['kind']} {line['name']!r} is not what this folder was begun with: its text is the same, "
                "but other values are bound to it (arguments of a partial, a closure, defaults, attributes, or globals "
                "that it reads). Results of both must not be mixed: bind the same, or begin in another folder"
            )


def own_lines(card: dict[str, Any]) -> list[dict[str, Any]]:
    """What a card, which may be damaged, says of registered things.

    Raises:
        ValueError: it is damaged.
    """
    lines = card.get("own", [])
    if not isinstance(lines, list) or not all(isinstance(line, dict) and {"kind", "name"} <= line.keys()
                                              and all(isinstance(each, str | None) for each in line.values())
                                              for line in lines):  # fmt: skip
        raise ValueError("card.json is damaged: what it says of registered models, data and orders is no list of texts")
    return lines
