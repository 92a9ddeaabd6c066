"""Named experiments: the paper's kinds of model and data (arXiv 2502.01557), in four sizes.

The regime is the paper's: a constant learning rate, small batches, no schedule, no regularisation. The learning
rates, batch sizes, widths and step counts are OUR OWN CHOICES, since the paper's are not known to us: results show
whether its claim holds in that regime, and are no reproduction of its numbers.

The profiles:

- smoke: less than a minute on two CPU cores. It says that everything works, and nothing about training.
- laptop: minutes on a CPU. The perceptrons are as large as in "gpu"; the ResNets are narrow and see few images.
- colab: about 20 minutes a seed on a T4, the GPU that Colab lends. An ESTIMATE from arithmetic, until somebody has run
  it: a seed of a ResNet has 2 to 3e15 floating-point operations, of which a T4 is supposed to do 2e12 a second.
- gpu: hours on a large GPU, such as an H100. Full widths, all data, several epochs.
"""

from __future__ import annotations

from typing import Any

from revorder.errors import did_you_mean
from revorder.experiments.configs import Config

__all__ = ["ABOUT", "NAMES", "PROFILES", "experiment"]


def __dir__() -> list[str]:
    return sorted(__all__)


#: sizes of an experiment, from a minute on a CPU to hours on a GPU
PROFILES = ("smoke", "laptop", "colab", "gpu")

DIGITS = {
    "smoke": {"steps": 100, "stride": 10, "seeds": 2},
    "laptop": {"steps": 2000, "stride": 10, "seeds": 8},
    "colab": {"steps": 2000, "stride": 10, "seeds": 16},
    "gpu": {"steps": 2000, "stride": 10, "seeds": 32},
}
FASHION = {
    "smoke": {"steps": 60, "stride": 6, "seeds": 2, "width": 16, "test_examples": 500},
    "laptop": {"steps": 2000, "stride": 20, "seeds": 8},
    "colab": {"steps": 7500, "stride": 75, "seeds": 8},  # one epoch
    "gpu": {"steps": 22_500, "stride": 225, "seeds": 5},  # three epochs
}
RESNET18 = {
    "smoke": {"steps": 8, "stride": 2, "seeds": 1, "width": 4, "batch_size": 4,
              "train_examples": 100, "test_examples": 100},
    "laptop": {"steps": 160, "stride": 5, "seeds": 3, "width": 8, "batch_size": 8,
               "train_examples": 2000, "test_examples": 500},
    "colab": {"steps": 1562, "stride": 71, "seeds": 5, "width": 64, "batch_size": 32},  # one epoch of CIFAR
    "gpu": {"steps": 6248, "stride": 142, "seeds": 5, "width": 64, "batch_size": 32},  # four epochs of CIFAR
}  # fmt: skip
RESNET50 = {
    "smoke": RESNET18["smoke"] | {"width": 2},
    "laptop": RESNET18["laptop"] | {"steps": 80, "stride": 4, "width": 4},
    "colab": RESNET18["colab"] | {"steps": 800, "stride": 40, "test_examples": 2000},
    "gpu": RESNET18["gpu"],
}
TEXT = {  # 351 batches an epoch
    "smoke": {"steps": 12, "stride": 3, "seeds": 1, "width": 16, "train_examples": 200, "test_examples": 40},
    "laptop": {"steps": 702, "stride": 39, "seeds": 8},
    "colab": {"steps": 1404, "stride": 36, "seeds": 16},
    "gpu": {"steps": 3510, "stride": 45, "seeds": 32},
}

Sizes = dict[str, dict[str, Any]]
EXPERIMENTS: dict[str, tuple[dict[str, Any], Sizes]] = {
    "mlp-digits": ({"dataset": "digits", "model": "mlp", "width": 32, "lr": 0.1}, DIGITS),
    "mlp-fashion-mnist": ({"dataset": "fashion-mnist", "model": "mlp", "width": 128, "lr": 0.02}, FASHION),
    "resnet18-cifar10": ({"dataset": "cifar10", "model": "resnet18", "lr": 0.02}, RESNET18),
    "resnet50-cifar100": ({"dataset": "cifar100", "model": "resnet50", "lr": 0.02}, RESNET50),
    "resnet18-fashion-mnist-as-rgb32": (
        {"dataset": "fashion-mnist-as-rgb32", "model": "resnet18", "lr": 0.02}, RESNET18
    ),
    "tiny-transformer": (
        {"dataset": "austen", "model": "transformer", "width": 64, "lr": 0.8, "train_measured": 312}, TEXT
    ),
}  # fmt: skip
#: name of an experiment -> its model and data in one line
ABOUT = {
    "mlp-digits": "perceptron 64-32-10 on scikit-learn's digits, which need no download",
    "mlp-fashion-mnist": "perceptron 784-128-10 on Fashion-MNIST",
    "resnet18-cifar10": "ResNet-18 with BatchNorm on CIFAR-10",
    "resnet50-cifar100": "ResNet-50 with BatchNorm on CIFAR-100",
    "resnet18-fashion-mnist-as-rgb32": "the same ResNet-18 on Fashion-MNIST in CIFAR's format: a stand-in for CIFAR-10",
    "tiny-transformer": "transformer of 111,432 parameters, characters of Jane Austen; the text comes with the package",
}
#: the named experiments
NAMES = tuple(EXPERIMENTS)


def experiment(name: str, profile: str = "laptop", **changes: Any) -> Config:
    """The configuration of a named experiment.

    Args:
        name: one of `NAMES`.
        profile: "smoke", "laptop", "colab" or "gpu"; see the module.
        changes: other values for some fields of `Config`.

    Raises:
        ValueError: an unknown name, profile or field (the nearest one is suggested), or a value out of its range.
        TypeError: a value of the wrong type.

    >>> experiment("mlp-digits", "smoke", seeds=1).checkpoints
    range(10, 101, 10)
    """
    for field, value, known in (("name", name, NAMES), ("profile", profile, PROFILES)):
        if value not in known:
            hint = did_you_mean(str(value), known)
            raise ValueError(f"{field}: got {value!r}, but it must be one of {', '.join(known)}{hint}")
    common, sizes = EXPERIMENTS[name]
    return Config(name, profile, **(common | sizes[profile])).replace(**changes)
