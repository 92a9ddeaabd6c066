"""A small decoder-only transformer (Vaswani et al. 2017, arXiv:1706.03762) that predicts the next token.

Norms stand before attention and perceptron, inside the residual branch, and activations are GELU, as in GPT-2.
"""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from revorder.errors import whole
from revorder.updates.randomness import seeded


class SelfAttention(nn.Module):
    """Causal self-attention with several heads: a position sees itself and what stands before it.

    Inputs and outputs have the shape (batch, positions, width).
    """

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.inwards, self.outwards = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.drop_weights, self.drop = nn.Dropout(dropout), nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, positions, width = x.shape
        parts = self.inwards(x).reshape(batch, positions, 3, self.heads, width // self.heads)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4).unbind(0)  # each (batch, heads, positions, size)
        scores = queries @ keys.transpose(-2, -1) / math.sqrt(width // self.heads)
        later = torch.ones(positions, positions, dtype=torch.bool, device=x.device).triu(1)
        weights = self.drop_weights(scores.masked_fill(later, -math.inf).softmax(-1))
        joined = (weights @ values).transpose(1, 2).reshape(batch, positions, width)
        dropped: torch.Tensor = self.drop(self.outwards(joined))
        return dropped


class Block(nn.Module):
    """x + attention(norm(x)), then the same with a perceptron that is four times as wide."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(width), SelfAttention(width, heads, dropout)
        layers = nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width), nn.Dropout(dropout)
        self.norm2, self.perceptron = nn.LayerNorm(width), nn.Sequential(*layers)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.attention(self.norm1(x))
        grown: torch.Tensor = x + self.perceptron(self.norm2(x))
        return grown


class Transformer(nn.Module):
    """Logits (batch, positions, vocabulary) of the token after each of tokens (batch, positions)."""

    def __init__(self, vocabulary: int, context: int, width: int, layers: int, heads: int, dropout: float):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.Sequential(*(Block(width, heads, dropout) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        count, context = tokens.shape[-1], self.positions.num_embeddings
        if count > context:
            raise ValueError(f"tokens: got {count} in a row, but the model was made for a context of {context}")
        x = self.tokens(tokens) + self.positions(torch.arange(count, device=tokens.device))
        logits: torch.Tensor = self.head(self.norm(self.blocks(self.drop(x))))
        return logits


def transformer(
    vocabulary: int, context: int = 32, *, width: int = 64, layers: int = 2, heads: int = 4, dropout: float = 0.0,
    seed: int = 0,
) -> Transformer:  # fmt: skip
    """A decoder-only transformer: tokens (batch, positions) int64 to logits (batch, positions, vocabulary).

    With the default sizes and 72 characters it has 111,432 parameters. It has no buffers: nothing but parameters
    travels in a state.

    Args:
        vocabulary: how many tokens there are.
        context: positions that it can be given at most.
        width: of the residual stream; a multiple of `heads`.
        layers: blocks of attention and perceptron.
        heads: of each attention.
        dropout: probability of dropping in training mode: embeddings, weights of attention, what a branch adds.
        seed: of the initial parameters, which are those that torch draws.

    Raises:
        ValueError, TypeError: a size that is not a whole number >= 1, a width that the heads do not divide, or a
            dropout outside [0, 1].
    """
    sizes = {"vocabulary": vocabulary, "context": context, "width": width, "layers": layers, "heads": heads}
    for name, size in sizes.items():
        whole(name, size, 1)
    if width % heads:
        raise ValueError(f"width: got {width}, but it must be a multiple of the {heads} heads")
    with seeded(seed, "parameters"):
        return Transformer(vocabulary, context, width, layers, heads, dropout)


def sequence_cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The mean over all positions of the cross-entropy, in nats per token.

    Args:
        logits: (batch, positions, vocabulary).
        targets: (batch, positions) int64: the tokens that come next.
    """
    return cross_entropy(logits.flatten(0, -2), targets.flatten())
