"""Residual networks (He, Zhang, Ren & Sun 2016, arXiv:1512.03385) for 32x32 images.

As usual for images of this size, and unlike in the paper's networks for ImageNet, the stem is one 3x3 convolution of
stride 1 without pooling. The parameters are those of the widely used PyTorch versions for CIFAR.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import torch
from torch import nn

from revorder.errors import whole
from revorder.updates.randomness import seeded

Norm = Callable[[int], nn.Module]  # makes the normalisation of so many channels
Body = Callable[[int, int, int, Norm], nn.Sequential]  # (channels in, width, stride, norm)


class Residual(nn.Module):
    """relu(body(x) + shortcut(x)): the block that residual networks are made of (He et al. 2016, equation 1)."""

    def __init__(self, body: nn.Module, shortcut: nn.Module):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.body(x) + self.shortcut(x))


def resnet18(
    channels: int = 3, classes: int = 10, *, norm: str = "batch", width: int = 64, seed: int = 0
) -> nn.Sequential:
    """ResNet-18: four stages of two blocks of two 3x3 convolutions. 11 173 962 parameters for 10 classes.

    Inputs (batch, channels, height, width), outputs (batch, classes). Sides are halved three times, so they should be
    multiples of 8.

    Args:
        channels, classes: of the images, and of the outputs.
        norm: "batch" (BatchNorm), or "group" (Wu & He 2018), which treats every example on its own and has no buffers.
        width: channels of the first stage; the later ones have 2, 4 and 8 times as many.
        seed: of the initial parameters: convolutions after He et al. 2015, the linear layer as torch draws it.

    Raises:
        ValueError, TypeError: an unknown norm, or a size that is not a whole number >= 1.
    """
    return _resnet(_basic, 1, (2, 2, 2, 2), channels, classes, norm, width, seed)


def resnet50(
    channels: int = 3, classes: int = 10, *, norm: str = "batch", width: int = 64, seed: int = 0
) -> nn.Sequential:
    """ResNet-50: stages of 3, 4, 6 and 3 bottlenecks. 23 705 252 parameters for 100 classes.

    Arguments, shapes and errors: as for `resnet18`; a stage has four times as many channels outside its bottlenecks.
    """
    return _resnet(_bottleneck, 4, (3, 4, 6, 3), channels, classes, norm, width, seed)


def _resnet(
    body: Body, expansion: int, depths: tuple[int, ...], channels: int, classes: int, norm: str, width: int, seed: int
) -> nn.Sequential:
    for name, size in (("channels", channels), ("classes", classes), ("width", width)):
        whole(name, size, 1)
    if norm not in NORMS:
        raise ValueError(f"norm: got {norm!r}, but it must be one of {', '.join(map(repr, NORMS))}")
    with seeded(seed, "parameters"):
        layers = OrderedDict(conv=_conv(channels, width, 3), norm=NORMS[norm](width), relu=nn.ReLU())
        fan_in = width
        for i, depth in enumerate(depths):
            block = partial(_block, body, width=width << i, expansion=expansion, norm=NORMS[norm])
            fan_out = expansion * width << i
            first = block(fan_in, stride=2 if i else 1)
            layers[f"stage{i + 1}"] = nn.Sequential(first, *(block(fan_out, stride=1) for _ in range(depth - 1)))
            fan_in = fan_out
        layers |= OrderedDict(pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), head=nn.Linear(fan_in, classes))
        return nn.Sequential(layers)


def _block(body: Body, fan_in: int, *, width: int, expansion: int, stride: int, norm: Norm) -> Residual:
    fan_out = expansion * width
    shortcut: nn.Module = nn.Identity()
    if stride != 1 or fan_in != fan_out:
        shortcut = nn.Sequential(OrderedDict(conv=_conv(fan_in, fan_out, 1, stride), norm=norm(fan_out)))
    return Residual(body(fan_in, width, stride, norm), shortcut)


def _basic(fan_in: int, width: int, stride: int, norm: Norm) -> nn.Sequential:
    convolutions = [_conv(fan_in, width, 3, stride), _conv(width, width, 3)]
    return _alternating(convolutions, norm)


def _bottleneck(fan_in: int, width: int, stride: int, norm: Norm) -> nn.Sequential:
    convolutions = [_conv(fan_in, width, 1), _conv(width, width, 3, stride), _conv(width, 4 * width, 1)]
    return _alternating(convolutions, norm)


def _alternating(convolutions: list[nn.Conv2d], norm: Norm) -> nn.Sequential:
    """conv1, norm1, relu1, conv2, norm2, …, without a ReLU at the end."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for i, convolution in enumerate(convolutions, start=1):
        layers |= {f"conv{i}": convolution, f"norm{i}": norm(convolution.out_channels), f"relu{i}": nn.ReLU()}
    layers.popitem()
    return nn.Sequential(layers)


def _conv(fan_in: int, fan_out: int, size: int, stride: int = 1) -> nn.Conv2d:
    """Without a bias, which the normalisation after it would cancel; initialised after He et al. 2015."""
    made = nn.Conv2d(fan_in, fan_out, size, stride, padding=size // 2, bias=False)
    nn.init.kaiming_normal_(made.weight, mode="fan_out", nonlinearity="relu")
    return made


def _group_norm(channels: int) -> nn.GroupNorm:
    """32 groups as in the paper, or the most that divide the channels and have two channels each."""
    most = min(32, max(1, channels // 2))
    return nn.GroupNorm(next(groups for groups in range(most, 0, -1) if channels % groups == 0), channels)


NORMS: dict[str, Norm] = {"batch": nn.BatchNorm2d, "group": _group_norm}
