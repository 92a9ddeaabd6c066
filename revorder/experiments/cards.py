"""The card of a result: on what machine and with which versions it was made."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import torch

import revorder


def machine(device: str) -> dict[str, Any]:
    """Processor or GPU, threads and versions, for the device that ran."""
    return {
        "device": torch.cuda.get_device_name(device) if torch.device(device).type == "cuda" else device,
        "processor": processor(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "revorder": revorder.__version__,
    }


def processor() -> str:
    """The name of this machine's processor."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
