"""Images on the device where they are used: kept as bytes, normalised batch by batch, augmented by keyed draws."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import pad

if TYPE_CHECKING:
    from revorder.data.datasets import Dataset

__all__ = ["CIFAR10", "CIFAR100", "FASHION_MNIST", "Normalise", "crop_and_flip", "fashion_as_rgb32"]


def __dir__() -> list[str]:
    return sorted(__all__)


Batch = tuple[torch.Tensor, torch.Tensor]  # images (batch, channels, height, width), targets (batch,)

Statistics = tuple[tuple[float, ...], tuple[float, ...]]
#: mean and standard deviation of every channel over all pixels of the training set, scaled to [0, 1]
CIFAR10: Statistics = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
#: the same of CIFAR-100
CIFAR100: Statistics = (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)
#: the same of Fashion-MNIST
FASHION_MNIST: Statistics = (0.2860,), (0.3530,)


@dataclass(frozen=True)
class Normalise:
    """Bytes to numbers, (pixel / 255 - mean) / std, for `Minibatches(..., prepare=Normalise(*CIFAR10))`.

    Args:
        mean, std: for each channel, or one for all of them, in units where a pixel is in [0, 1].
        dtype: floating point, of the result.

    Raises:
        ValueError: no or unequally many numbers, or an std that is not positive.
        TypeError: a dtype that is not floating point; called on images that are not uint8.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    dtype: torch.dtype = torch.float32

    def __post_init__(self) -> None:
        if not 0 < len(self.mean) == len(self.std):
            raise ValueError(f"mean, std: got {self.mean} and {self.std}, but both need one number for each channel")
        if not all(spread > 0 for spread in self.std):
            raise ValueError(f"std: got {self.std}, but every number must be > 0")
        if not (isinstance(self.dtype, torch.dtype) and self.dtype.is_floating_point):
            raise TypeError(f"dtype: got {self.dtype!r}, but it must be floating point, such as torch.float32")

    def __call__(self, batch: Batch) -> Batch:
        """The batch with its images normalised, on the device where they are."""
        images, targets = batch
        return self.images(images), targets

    def images(self, images: torch.Tensor) -> torch.Tensor:
        """uint8 images (..., channels, height, width) as numbers of the dtype, in the same shape."""
        if images.dtype != torch.uint8:
            raise TypeError(f"images: got {images.dtype}, but bytes (torch.uint8) are accepted")
        if images.ndim < 3 or len(self.mean) not in (1, images.shape[-3]):
            raise ValueError(f"images: got {tuple(images.shape)}, but there are means of {len(self.mean)} channels")
        numbers = images.to(self.dtype)
        for channel, mean, std in self._channels(images.shape[-3]):  # scalars: no copy from the host, no waiting
            numbers.select(-3, channel).sub_(255 * mean).div_(255 * std)
        return numbers

    def _channels(self, channels: int) -> Iterable[tuple[int, float, float]]:
        repeats = channels // len(self.mean)
        return zip(range(channels), self.mean * repeats, self.std * repeats, strict=True)


def crop_and_flip(batch: Batch, generator: torch.Generator, padding: int = 4) -> Batch:
    """Each image cropped at random from its zero-padded self, and mirrored with probability 1/2.

    The usual augmentation for CIFAR (He et al. 2016, section 4.2), for `revorder.augmented(update, crop_and_flip)`.

    Args:
        batch: images (batch, channels, height, width) of any dtype, and targets, which stay. Zero is black in bytes,
            and the mean in normalised images.
        generator: of all draws; a generator on a CUDA device draws other numbers than one on the CPU.
        padding: in pixels, so an image moves by -padding to padding in each direction.

    Returns:
        a batch of the same shape, dtype and device.
    """
    images, targets = batch
    count, channels, height, width = images.shape
    draw = partial(torch.randint, generator=generator, device=generator.device)
    corners = draw(2 * padding + 1, (2, count, 1)).to(images.device)
    mirrored = draw(2, (count, 1)).to(images.device)
    across, down = (torch.arange(size, device=images.device) for size in (width, height))
    rows = corners[0] + down
    columns = corners[1] + torch.where(mirrored == 1, width - 1 - across, across)
    example, channel = (torch.arange(size, device=images.device) for size in (count, channels))
    place = example[:, None, None, None], channel[:, None, None], rows[:, None, :, None], columns[:, None, None, :]
    return pad(images, (padding,) * 4)[place], targets


def fashion_as_rgb32(dataset: Dataset) -> Dataset:
    """Fashion-MNIST in the shape of CIFAR-10, as a stand-in where that is not at hand; its name says so.

    Args:
        dataset: `ro.datasets.fashion_mnist(dtype=torch.uint8)`.

    Returns:
        uint8 images (n, 3, 32, 32): two black pixels on every side, three equal channels. Targets stay.
    """

    def converted(images: torch.Tensor, targets: torch.Tensor) -> Batch:
        if images.dtype != torch.uint8 or images.shape[1:] != (1, 28, 28):
            raise ValueError(
                f"dataset: got {images.dtype} {tuple(images.shape)}, but uint8 (n, 1, 28, 28) is accepted, as "
                "fashion_mnist(dtype=torch.uint8) returns"
            )
        return pad(images, (2,) * 4).repeat(1, 3, 1, 1), targets

    name = "fashion-mnist as rgb 32x32 (stand-in for cifar-10)"
    return replace(dataset, name=name, train=converted(*dataset.train), test=converted(*dataset.test))
