"""How large the course's experiments are on this machine: one environment variable scales every notebook."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """The size of the notebooks' experiments.

    Attributes:
        name: "smoke" (every notebook under a minute on two CPU cores), "laptop" (minutes) or "gpu".
        seeds: how many seeds an experiment on real data is run with.
        device: where tensors live.
    """

    name: str
    seeds: int
    device: str


PROFILES = {profile.name: profile for profile in (
    Profile("smoke", seeds=3, device="cpu"),
    Profile("laptop", seeds=8, device="cpu"),
    Profile("gpu", seeds=32, device="cuda"),
)}  # fmt: skip


def profile() -> Profile:
    """The profile named by the environment variable REVORDER_PROFILE (default: smoke).

    Raises:
        ValueError: the variable holds another name.
    """
    name = os.environ.get("REVORDER_PROFILE") or "smoke"
    if name not in PROFILES:
        raise ValueError(f"REVORDER_PROFILE: got {name!r}, but the profiles are {', '.join(PROFILES)}")
    return PROFILES[name]
