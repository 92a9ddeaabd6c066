"""Images on their device: normalised as by hand, augmented by keyed draws, and the stand-in for CIFAR."""

from __future__ import annotations

import pickle

import pytest
import torch
from family import distance

import revorder as ro
from revorder.data import images
from revorder.data.images import Normalise, crop_and_flip, fashion_as_rgb32
from revorder.running.together import Together
from revorder.updates.randomness import generator

DATA = torch.randint(0, 256, (40, 3, 5, 6), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
TARGETS = torch.arange(40) % 10


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_normalise_by_hand(dtype):
    normalise = Normalise(*images.CIFAR10, dtype=dtype)
    made, targets = normalise((DATA, TARGETS))
    assert (made.dtype, made.shape, targets) == (dtype, DATA.shape, TARGETS)
    (mean, std), tolerance = images.CIFAR10, 1e-6 if dtype == torch.float32 else 1e-14
    for channel in range(3):
        expected = (DATA[:, channel].double() / 255 - mean[channel]) / std[channel]
        assert (made[:, channel] - expected).abs().max() <= tolerance
    assert DATA.dtype == torch.uint8
    assert torch.equal(pickle.loads(pickle.dumps(normalise)).images(DATA), made)


def test_one_mean_serves_all_channels():
    made = Normalise((0.5,), (0.25,)).images(DATA)
    assert torch.allclose(made, (DATA / 255 - 0.5) / 0.25, atol=1e-6)
    assert torch.equal(made, Normalise((0.5,) * 3, (0.25,) * 3).images(DATA))


def test_the_constants_of_fashion_mnist_are_those_of_its_training_set(fashion_mnist_folder):
    data = ro.datasets.fashion_mnist(fashion_mnist_folder, dtype=torch.uint8)
    assert data.train[0].dtype == torch.uint8
    assert torch.equal(data.train[0] / 255, ro.datasets.fashion_mnist(fashion_mnist_folder).train[0])
    pixels = data.train[0].double() / 255
    assert pixels.mean().item() == pytest.approx(images.FASHION_MNIST[0][0], abs=5e-5)
    assert pixels.std().item() == pytest.approx(images.FASHION_MNIST[1][0], abs=5e-5)
    normalised = Normalise(*images.FASHION_MNIST).images(data.train[0])
    assert normalised.mean().abs() < 1e-3
    assert (normalised.std() - 1).abs() < 1e-3


def test_batches_are_prepared():
    index = ro.batches.iid(40, 4, 6)
    normalise = Normalise(*images.CIFAR100)
    prepared = ro.batches.Minibatches((DATA, TARGETS), index, prepare=normalise)
    plain = ro.batches.Minibatches((DATA, TARGETS), index)
    assert plain[2][0].dtype == torch.uint8
    assert distance(prepared[2], normalise(plain[2])) == 0
    with pytest.raises(TypeError, match="prepare: got 3"):
        ro.batches.Minibatches((DATA, TARGETS), index, prepare=3)


def mean_pixel(state, batch):
    return state + 0.1 * (batch[0].mean((0, 2, 3)) - state) ** 2


@pytest.mark.parametrize("alike", [True, False])
def test_batches_of_many_seeds_are_prepared(alike):
    data, stds = (DATA, TARGETS), [0.25, 0.25, 0.25] if alike else [0.25, 0.5, 1.0]
    together = [
        ro.batches.Minibatches(data, ro.batches.iid(40, 4, 6, seed=i), prepare=Normalise((0.5,), (std,), torch.float64))
        for i, std in enumerate(stds)
    ]
    assert (Together(together).index is not None) == alike
    start = torch.zeros(3, dtype=torch.float64)
    made = ro.run_seeds(mean_pixel, start, together, "backward", [3, 6], progress=False)
    for i, batches in enumerate(together):
        one = ro.run(mean_pixel, start, batches, "backward", [3, 6], progress=False)
        assert distance(one.states, made.states[:, i]) <= 1e-12
    assert distance(made.states[:, 0], made.states[:, 1]) > 1e-3


def every_crop(image, padding):
    """All crops of one padded image, each with its mirror image: (crops * 2, channels, height, width)."""
    channels, height, width = image.shape
    padded = torch.zeros(channels, height + 2 * padding, width + 2 * padding, dtype=image.dtype)
    padded[:, padding : padding + height, padding : padding + width] = image
    corners = [(top, left) for top in range(2 * padding + 1) for left in range(2 * padding + 1)]
    crops = torch.stack([padded[:, top : top + height, left : left + width] for top, left in corners])
    return torch.cat([crops, crops.flip(-1)])


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float64])
def test_every_augmented_image_is_a_crop_of_its_own_padded_one(dtype):
    padding = 2
    batch = DATA.to(dtype) + 1 if dtype != torch.uint8 else DATA
    made, targets = crop_and_flip((batch, TARGETS), generator(0, 1), padding)
    assert (made.dtype, made.shape, targets) == (dtype, DATA.shape, TARGETS)
    for image, result in zip(batch, made, strict=True):
        matches = [torch.equal(result, crop) for crop in every_crop(image, padding)]
        assert sum(matches) == 1


def test_all_crops_come_with_about_equal_frequency():
    image = torch.arange(1, 10, dtype=torch.float64).reshape(1, 1, 3, 3)
    count = 18 * 400
    made, _ = crop_and_flip((image.expand(count, 1, 3, 3), torch.zeros(count)), generator(3, "a"), padding=1)
    crops = every_crop(image[0], 1)
    found = (made[:, None] == crops).flatten(2).all(2)
    assert (found.sum(1) == 1).all()
    assert ((found.sum(0) - 400).abs() < 5 * (count / 18 * 17 / 18) ** 0.5).all()


def test_draws_belong_to_the_generator():
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    draws = [crop_and_flip((DATA, TARGETS), generator(0, key))[0] for key in (1, 1, 2)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_engines_agree_on_augmented_bytes():
    """Augmentation under torch.vmap over states, after a preparation; a wrong order is told apart."""
    loss, params = ro.module_loss(ro.models.mlp(90, 7, 10).double(), torch.nn.functional.cross_entropy)
    update = ro.augmented(ro.sgd(loss, 0.2), crop_and_flip, seed=3)
    prepare = Normalise(*images.CIFAR10, dtype=torch.float64)
    batches = ro.batches.Minibatches((DATA, TARGETS), ro.batches.iid(40, 8, 6, seed=2), prepare)

    def states(order, engine):
        found = ro.run(update, update.init(params), batches, order, [2, 4, 6], engine=engine, progress=False)
        return found.states["params"]

    backward = states("backward", "replay")
    assert distance(backward, states("backward", "wavefront")) <= 1e-12
    assert distance(backward, states("forward", "replay")) > 1e-3


def test_crop_and_flip_and_normalise_run_on_the_meta_device():
    batch = Normalise(*images.CIFAR10)((DATA.to("meta"), TARGETS.to("meta")))
    made, _ = crop_and_flip(batch, generator(0, 1, "meta"))
    assert made.is_meta
    assert made.shape == DATA.shape


def small_fashion():
    pixels = torch.randint(0, 256, (7, 1, 28, 28), generator=torch.Generator().manual_seed(2), dtype=torch.uint8)
    return ro.datasets.Dataset("fashion-mnist", (pixels[:5], torch.arange(5)), (pixels[5:], torch.arange(2)))


def test_the_stand_in_for_cifar():
    data = small_fashion()
    made = fashion_as_rgb32(data)
    assert "stand-in" in made.name
    for (before, labels), (after, kept) in ((data.train, made.train), (data.test, made.test)):
        assert (after.dtype, after.shape, kept) == (torch.uint8, (len(before), 3, 32, 32), labels)
        assert torch.equal(after[:, :, 2:-2, 2:-2], before.expand(-1, 3, -1, -1))
        assert after.long().sum() == 3 * before.long().sum()  # so the border is black


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        (lambda: Normalise((0.5,), (0.2, 0.2)), ValueError, "mean, std: got"),
        (lambda: Normalise((), ()), ValueError, "mean, std: got"),
        (lambda: Normalise((0.5,), (0.0,)), ValueError, "std: got"),
        (lambda: Normalise((0.5,), (1.0,), torch.int64), TypeError, "dtype: got torch.int64"),
        (lambda: Normalise((0.5,), (1.0,)).images(DATA / 255), TypeError, "images: got torch.float32"),
        (lambda: Normalise((0.5,) * 4, (1.0,) * 4).images(DATA), ValueError, "images: got .* 4 channels"),
        (lambda: fashion_as_rgb32(fashion_as_rgb32(small_fashion())), ValueError, "dataset: got torch.uint8"),
        (lambda: fashion_as_rgb32(ro.datasets.digits()), ValueError, "dataset: got torch.float32"),
    ],
)
def test_bad_input(bad, error, says):
    with pytest.raises(error, match=says):
        bad()
