"""How large the runs are that some notebooks make: one environment variable scales them. README says which."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from revorder.experiments import Config

Size = TypeVar("Size")


@dataclass(frozen=True)
class Profile:
    """The size of what notebooks run, where they ask for it.

    Attributes:
        name: "smoke" (every notebook under a minute on two CPU cores), "laptop" (minutes), "colab" or "gpu".
        seeds: how many seeds an experiment on real data is run with.
    """

    name: str
    seeds: int

    @property
    def device(self) -> str:
        """Where tensors of an experiment live: "cuda" where there is one, else "cpu"."""
        from revorder.experiments.arithmetic import best_device  # it needs torch

        return best_device()

    def size(self, smoke: Size, laptop: Size, gpu: Size) -> Size:
        """The one of three sizes that is this profile's: steps, units, images; "colab" has the third, as "gpu" has."""
        return {"smoke": smoke, "laptop": laptop}.get(self.name, gpu)

    def experiment(self, name: str, **changes: Any) -> Config:
        """A named experiment of the catalogue in this profile; see `revorder.experiments.experiment`."""
        from revorder.experiments.catalogue import experiment

        return experiment(name, self.name, **changes)


PROFILES = {name: Profile(name, seeds) for name, seeds in (("smoke", 3), ("laptop", 8), ("colab", 16), ("gpu", 32))}


def profile() -> Profile:
    """The profile named by the environment variable REVORDER_PROFILE (default: smoke).

    Raises:
        ValueError: the variable holds another name.
    """
    name = os.environ.get("REVORDER_PROFILE") or "smoke"
    if name not in PROFILES:
        raise ValueError(f"REVORDER_PROFILE: got {name!r}, but the profiles are {', '.join(PROFILES)}")
    return PROFILES[name]
