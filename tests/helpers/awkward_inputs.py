"""First layers and what they are fed: batches of many shapes, some of whose values decide what is computed.

Every kind is a pair: a maker of the layer, which gives features (rows, WIDE), and a drawer `draw(i, rows, generator)`
of the inputs of batch i.
"""

from __future__ import annotations

import torch
from torch import nn

WIDE = 6  # features


def randn(generator, *shape):
    return torch.randn(*shape, generator=generator)


def randint(generator, low, high, *shape):
    return torch.randint(low, high, shape, generator=generator)


class Layer(nn.Module):
    """One linear layer, used by the function that a kind gives."""

    def __init__(self, function, inputs=4):
        super().__init__()
        self.layer = nn.Linear(inputs, WIDE)
        self.function = function

    def forward(self, inputs):
        return self.function(self.layer, inputs)


def by_lengths(layer, inputs):
    x, lengths = inputs
    return torch.stack([torch.tanh(layer(x[i, :length])).mean(0) for i, length in enumerate(lengths.tolist())])


def by_mask(layer, inputs):
    x, mask = inputs
    return (layer(x) * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)


def by_boolean_index(layer, inputs):
    x, mask = inputs
    found = torch.tanh(layer(x[mask]))
    return torch.zeros(len(x), WIDE).index_add(0, mask.nonzero()[:, 0], found)


def by_sign(layer, x):
    return layer(x) if x.sum() > 0 else layer(-0.5 * x) ** 2


def by_number(layer, x):
    return layer(x) * (1 + 0.2 * x[0, 0].item())


def by_first_rows(layer, x):
    features = layer(x)
    return features if x[0, 0] > 0 else features * torch.arange(len(x))[:, None]


def rarely_noisy(layer, x):
    return layer(x + 0.3 * torch.randn_like(x)) if x[0, 0] > 0.7 else layer(x)


def of_three(layer, inputs):
    one, other, scale = inputs
    return layer(one) + scale * torch.tanh(layer(other))


def of_dict(layer, inputs):
    return layer(inputs["x"]) * inputs["scale"] + inputs["power"]


class SometimesUsed(nn.Module):
    """A second layer without a gradient (None, in plain torch) for some batches."""

    def __init__(self):
        super().__init__()
        self.always, self.rarely = nn.Linear(4, WIDE), nn.Linear(4, WIDE)

    def forward(self, x):
        return self.always(x) + self.rarely(x) if x[0, 0] > 0 else self.always(x)


class Convolved(nn.Module):
    """Of any length, or of any height and width."""

    def __init__(self, convolution):
        super().__init__()
        self.convolution, self.layer = convolution, nn.Linear(4, WIDE)

    def forward(self, x):
        return self.layer(torch.relu(self.convolution(x)).flatten(2).mean(2))


class Tokens(nn.Module):
    def __init__(self, **options):
        super().__init__()
        self.embedding = nn.Embedding(7, WIDE, **options)

    def forward(self, x):
        return self.embedding(x).mean(1)


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cells = nn.GRU(4, WIDE, batch_first=True)

    def forward(self, x):
        return self.cells(x)[1][0]


class Attentive(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDE, 2, batch_first=True)

    def forward(self, x):
        return self.attention(x, x, x, need_weights=False)[0].mean(1)


def flat(i, rows, generator):
    return randn(generator, rows, 4)


def sequences(i, rows, generator):
    return randn(generator, rows, 5, 4)


def with_lengths(i, rows, generator):
    return randn(generator, rows, 5, 4), randint(generator, 1, 6, rows)


def with_mask(i, rows, generator):
    return randn(generator, rows, 5, 4), torch.rand(rows, 5, generator=generator) < 0.6


def three(i, rows, generator):
    return randn(generator, rows, 4), randn(generator, rows, 4), torch.rand(rows, 1, generator=generator)


def words(i, rows, generator):
    return randint(generator, 0, 7, rows, 3 + i % 3)


INPUTS = {
    "flat": (lambda: nn.Linear(4, WIDE), flat),
    "conv1d of many lengths": (
        lambda: Convolved(nn.Conv1d(2, 4, 3)),
        lambda i, rows, generator: randn(generator, rows, 2, 5 + i % 4),
    ),
    "conv2d of many sizes": (
        lambda: Convolved(nn.Conv2d(1, 4, 3, padding=1)),
        lambda i, rows, generator: randn(generator, rows, 1, 3 + i % 2, 3 + i % 3),
    ),
    "layers of torch, many lengths": (
        lambda: nn.Sequential(nn.Conv1d(2, WIDE, 3), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten()),
        lambda i, rows, generator: randn(generator, rows, 2, 5 + i % 4),
    ),
    "lengths read": (lambda: Layer(by_lengths), with_lengths),
    "mask multiplied": (lambda: Layer(by_mask), with_mask),
    "mask as an index": (lambda: Layer(by_boolean_index), with_mask),
    "sign of the batch decides": (lambda: Layer(by_sign), flat),
    "number read": (lambda: Layer(by_number), flat),
    "first row decides": (lambda: Layer(by_first_rows), flat),
    "rare noise": (lambda: Layer(rarely_noisy), flat),
    "three inputs": (lambda: Layer(of_three), three),
    "inputs in a dict": (
        lambda: Layer(of_dict),
        lambda i, rows, generator: {"x": randn(generator, rows, 4), "scale": 0.5 + 0.1 * (i % 5), "power": i % 2},
    ),
    "used for some batches": (SometimesUsed, flat),
    "tokens": (lambda: Tokens(padding_idx=0), words),
    "tokens, sparse gradients": (lambda: Tokens(sparse=True), words),
    "tokens, scaled by gradient": (lambda: Tokens(scale_grad_by_freq=True), words),
    "tokens of bounded norm": (lambda: Tokens(max_norm=1.0), words),
    "recurrent": (Recurrent, sequences),
    "attention": (Attentive, lambda i, rows, generator: randn(generator, rows, 3, WIDE)),
}
NOISY_INPUTS = {"rare noise"}
# torch.func refuses some of these; one writes into its parameters, one has no gradient at times, one is seldom random
DOUBTFUL_INPUTS = {
    "tokens, sparse gradients", "tokens, scaled by gradient", "tokens of bounded norm", "used for some batches",
    "rare noise",
}  # fmt: skip
