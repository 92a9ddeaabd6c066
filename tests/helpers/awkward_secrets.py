"""Parts that draw at random, or keep in Python what no state holds, or wait for their first call."""

from __future__ import annotations

import random

import numpy as np
import torch
from awkward_inputs import WIDE
from torch import nn

CALLS = [0]  # of all modules that count here; every fresh model begins at 0


class Noisy(nn.Module):
    """Adds what a function draws for these features."""

    def __init__(self, draw):
        super().__init__()
        self.draw = draw

    def forward(self, x):
        return x + 0.2 * self.draw(x)


class Depth(nn.Module):
    """Stochastic depth: the layer is left out as Python's coin falls."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(WIDE, WIDE)

    def forward(self, x):
        return x + self.layer(x) if random.random() < 0.5 else x


class Counter(nn.Module):
    """Calls are counted in an attribute; they change the output, or do not."""

    def __init__(self, matters=True):
        super().__init__()
        self.calls, self.matters = 0, matters

    def forward(self, x):
        self.calls += 1
        return x / (1 + 0.2 * self.calls) if self.matters else x


class Listing(nn.Module):
    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append(len(x))
        return x * (1 + 0.1 * (len(self.seen) % 3))


class Elsewhere(nn.Module):
    """Counts in a global variable."""

    def __init__(self):
        super().__init__()
        CALLS[0] = 0

    def forward(self, x):
        CALLS[0] += 1
        return x * (1 + 0.1 * (CALLS[0] % 3))


class Remembering(nn.Module):
    """Keeps the mean of the last features as a plain tensor."""

    def __init__(self):
        super().__init__()
        self.last = None

    def forward(self, x):
        before, self.last = self.last, x.detach().mean(0)
        return x if before is None else x + 0.3 * before


class InPlace(nn.Module):
    """A plain tensor, no buffer, that is written into."""

    def __init__(self):
        super().__init__()
        self.mean = torch.zeros(WIDE)

    def forward(self, x):
        self.mean.mul_(0.9).add_(x.detach().mean(0), alpha=0.1)
        return x - self.mean


class Late(nn.Module):
    """Shift and scale come from the first batch that is seen."""

    def __init__(self):
        super().__init__()
        self.shift = None

    def forward(self, x):
        if self.shift is None:
            self.shift = x.detach().mean(0)
        return x - self.shift


class Patient(nn.Module):
    """Counts for long before it matters."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x if self.calls <= 90 else 0.5 * x


class Cached(nn.Module):
    """Keeps what depends on the number of rows only, as attention masks are kept: no secret at all."""

    def __init__(self):
        super().__init__()
        self.scale = None

    def forward(self, x):
        if self.scale is None or len(self.scale) != len(x):
            self.scale = torch.linspace(0.5, 1, len(x), dtype=x.dtype)[:, None]
        return x * self.scale


class Ready(nn.Module):
    """The same in a parameter that the first call writes, with a buffer that remembers it: activation norm."""

    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(WIDE))
        self.register_buffer("ready", torch.tensor(False))

    def forward(self, x):
        if not self.ready:
            with torch.no_grad():
                self.shift.copy_(-x.mean(0))
                self.ready.fill_(True)
        return x + self.shift


class OwnGenerator(nn.Module):
    """Draws from a generator of its own, which is a state that nobody carries along."""

    def __init__(self, make, draw):
        super().__init__()
        self.generator, self.draw = make(), draw

    def forward(self, x):
        return x + 0.2 * self.draw(self.generator, x)


def numpy_noise(x):
    return torch.from_numpy(np.random.standard_normal(tuple(x.shape)))


NOISES = {
    "dropout": lambda: nn.Dropout(0.4),
    "random ReLU": nn.RReLU,
    "torch noise": lambda: Noisy(torch.randn_like),
    "numpy noise": lambda: Noisy(numpy_noise),
    "python noise": lambda: Noisy(lambda x: x * random.gauss(0, 1)),
    "permuted rows": lambda: Noisy(lambda x: x[torch.randperm(len(x))]),
    "stochastic depth": Depth,
}
HIDDEN = {
    "counter": Counter,
    "list grows": Listing,
    "global counter": Elsewhere,
    "last features kept": Remembering,
    "plain tensor written": InPlace,
    "first batch kept": Late,
    "generator of its own": lambda: OwnGenerator(
        lambda: torch.Generator().manual_seed(5), lambda own, x: torch.randn(x.shape, generator=own)
    ),
    "numpy generator of its own": lambda: OwnGenerator(
        lambda: np.random.default_rng(5), lambda own, x: torch.from_numpy(own.standard_normal(tuple(x.shape)))
    ),
    "python generator of its own": lambda: OwnGenerator(lambda: random.Random(5), lambda own, x: x * own.gauss(0, 1)),
}
UNFINISHED = {
    "cached by size": Cached,
    "counter that matters late": Patient,
    "harmless counter": lambda: Counter(matters=False),
    "first batch into a parameter": Ready,
    "lazy layer": lambda: nn.LazyLinear(WIDE),
}
