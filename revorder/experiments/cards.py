"""The card of a result: on what machine and with which versions it was made."""

from __future__ import annotations

import platform
from typing import Any

import torch

import revorder
from revorder.origins import processor


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
