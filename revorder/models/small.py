"""Small networks for images, initialised from a seed of their own."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from revorder.models.resnets import resnet18, resnet50
from revorder.updates.randomness import seeded

__all__ = ["mlp", "resnet18", "resnet50", "small_cnn"]


def mlp(
    *sizes: int, activation: Callable[[], nn.Module] = nn.ReLU, dropout: float = 0.0, seed: int = 0
) -> nn.Sequential:
    """A multilayer perceptron, such as `mlp(64, 32, 10)`: inputs (batch, …) are flattened, outputs (batch, sizes[-1]).

    Args:
        sizes: widths of the layers, input first; at least two.
        activation: makes the nonlinearity after every hidden layer; `nn.Tanh` where smoothness matters.
        dropout: probability of dropping a hidden unit in training mode.
        seed: of the initial parameters.
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes: got {sizes}, but an input and an output width are needed, as in mlp(64, 32, 10)")
    layers: list[nn.Module] = [nn.Flatten()]
    with seeded(seed, "parameters"):
        for i, (fan_in, fan_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
            if i:
                layers += [activation()] + [nn.Dropout(dropout)] * (dropout > 0)
            layers.append(nn.Linear(fan_in, fan_out))
    return nn.Sequential(*layers)


def small_cnn(
    channels: int = 1, classes: int = 10, *, width: int = 8, dropout: float = 0.0, seed: int = 0
) -> nn.Sequential:
    """Two 3x3 convolutions with BatchNorm, ReLU and 2x2 max pooling, then a linear layer.

    Inputs (batch, channels, height, width) of any size from 4x4; outputs (batch, classes). The convolutions have no
    bias, since BatchNorm would cancel it.

    Args:
        channels, classes: of the inputs, and of the outputs.
        width: channels of the first convolution; the second has twice as many.
        dropout: probability of dropping a feature in front of the linear layer, in training mode.
        seed: of the initial parameters.
    """

    def block(fan_in: int, fan_out: int) -> list[nn.Module]:
        convolution = nn.Conv2d(fan_in, fan_out, kernel_size=3, padding=1, bias=False)
        return [convolution, nn.BatchNorm2d(fan_out), nn.ReLU(), nn.MaxPool2d(2)]

    with seeded(seed, "parameters"):
        features = block(channels, width) + block(width, 2 * width)
        head = [
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            *[nn.Dropout(dropout)] * (dropout > 0),
            nn.Linear(8 * width, classes),
        ]
        return nn.Sequential(*features, *head)
