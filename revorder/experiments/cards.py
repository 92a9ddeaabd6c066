"""The card of a result: on what machine and with which versions it was made."""

from __future__ import annotations

from typing import Any

from revorder.trajectories.origins import provenance


def machine(device: str) -> dict[str, Any]:
    """Processor or GPU, threads and versions, for the device that ran."""
    record = provenance(device)
    versions = {name: record["versions"][name] for name in ("python", "torch", "revorder")}
    return {name: record[name] for name in ("device", "processor", "threads")} | versions
