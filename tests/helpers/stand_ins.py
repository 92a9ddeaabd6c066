"""Random examples in the place of data that cannot be had here."""

from __future__ import annotations

import torch

from revorder.data.datasets import Dataset
from revorder.experiments import Config, load
from revorder.experiments.estimates import stand_in


def data_of(config: Config) -> Dataset:
    """Random examples in the form of a configuration's data; the data themselves where they come with a package."""
    if config.dataset in ("digits", "austen"):
        return load(config)
    random, like = torch.Generator().manual_seed(0), stand_in(config)
    parts = ((torch.randint(256, part[0].shape, dtype=torch.uint8, generator=random),
              torch.randint(10, part[1].shape, generator=random)) for part in (like.train, like.test))  # fmt: skip
    return Dataset(like.name, *parts)


def moved(data: Dataset, device: torch.device) -> Dataset:
    """The same on a device."""
    return Dataset(data.name, *(tuple(part.to(device) for part in pair) for pair in (data.train, data.test)))
