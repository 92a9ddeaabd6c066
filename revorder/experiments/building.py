"""From a configuration to a problem: data, model, update, start, batches and metrics of one seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy, mse_loss

from revorder import batches, models
from revorder.data import characters, datasets, images
from revorder.engines.memory import ran_out
from revorder.experiments import making, own
from revorder.experiments.configs import Config
from revorder.experiments.measures import Measures, Own, some
from revorder.problems import Problem
from revorder.pytrees import Tree, Update
from revorder.updates.augmentation import augmented
from revorder.updates.descent import adam, sgd
from revorder.updates.modules import module_loss

CONTEXT = 32  # characters in a row, where the data are a text
# examples that metrics look at together, for up to 32 states at once: feature maps of more would fill gigabytes
CHUNK = {"mlp": 1000, "resnet18": 100, "resnet50": 100, "transformer": 50}
FEW = 100  # of them, for a model that nobody knows
LOSSES: dict[str, making.Criterion] = {"cross-entropy": cross_entropy, "mse": mse_loss}
Prepare = Callable[[Tree], Tree]
RUNNING = (torch.nn.modules.batchnorm._NormBase,)  # BatchNorm and InstanceNorm, which have no public base class
HALVES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def load(config: Config, directory: str | Path | None = None, device: str | torch.device = "cpu") -> datasets.Dataset:
    """The data set of a configuration, cut to its numbers of examples.

    Args:
        config: names the data set.
        directory: where its files lie; see `ro.datasets`.
        device: where the examples are kept.

    Raises:
        ValueError: `directory` does not hold it, a file is damaged, or a name in the configuration is not registered.
        OSError: it cannot be downloaded; the message says how to do without.
    """
    own.used(config)
    if mine := own.find("dataset", config.dataset):
        data = making.data_of(mine, config, directory, device)
    elif config.dataset == "digits":
        data = datasets.digits(device=device)
    elif config.dataset == "austen":
        data = datasets.austen(CONTEXT, device=device)
    elif config.dataset.startswith("cifar"):
        data = getattr(datasets, config.dataset)(directory, device=device, records_per_file=config.records_per_file)
    else:
        data = datasets.fashion_mnist(directory, dtype=torch.uint8, device=device)
        if config.dataset == "fashion-mnist-as-rgb32":
            data = images.fashion_as_rgb32(data)

    def first(count: int | None, part: images.Batch) -> images.Batch:
        inputs, targets = part
        return inputs[:count], targets[:count]

    return datasets.Dataset(data.name, first(config.train_examples, data.train), first(config.test_examples, data.test))


def is_at_hand(config: Config) -> bool:
    """Whether its data are here as they are: a text that comes with the package, or somebody's own."""
    own.used(config)
    return config.dataset == "austen" or own.find("dataset", config.dataset) is not None


def build(config: Config, data: datasets.Dataset, seed: int) -> Problem:
    """The problem of one seed: its initial parameters and its batches are drawn from `seed`.

    Args:
        config: says what the problem is.
        data: its data set, as `load` returns it.
        seed: of parameters, batches, dropout and augmentation.

    The metrics are "test loss" (mean cross-entropy in nats, or the configuration's loss), "test accuracy" (fraction;
    only where the data have classes), and with `train_measured` "train loss" and "train accuracy", on training examples
    that are the same for all seeds; and the configuration's own. All with the model in evaluation mode, and without
    augmentation.

    Raises:
        MemoryError: the model is too large.
    """
    own.used(config)
    device, dtype = data.train[0].device, making.dtype_of(config)
    with _fits(config):
        model = _model(config, data, seed).to(device=device, dtype=dtype)
    _check_precision(config, model)
    criterion, prepare = _criterion(config), _preparation(config, data, dtype)
    guesses = _check_fit(config, model, criterion, data, prepare)
    loss, params = module_loss(model, criterion, seed=seed)
    update: Update = (
        adam(loss, config.lr, weight_decay=config.weight_decay)
        if config.optimizer == "adam"
        else sgd(loss, config.lr, config.momentum, weight_decay=config.weight_decay)
    )
    if config.augment:
        update = augmented(update, images.crop_and_flip, seed)
    index = getattr(batches, config.data_order)(len(data.train[0]), config.batch_size, config.steps, seed)
    parts = {"train": some(data.train, config.train_measured)} if config.train_measured else {}
    named = {name: own.need("metric", name).thing for name in config.metrics}
    metrics = Own(named, criterion, guesses, own.find("model", config.model) is not None)
    measures = Measures(model, update, prepare, parts | {"test": data.test}, CHUNK.get(config.model, FEW), metrics)
    examples = batches.Minibatches(data.train, index, prepare=prepare)
    return Problem(update, update.init(params), examples, measures.metrics)


@contextmanager
def _fits(config: Config) -> Iterator[None]:
    """Say which model was too large, where torch says only how many bytes it wanted."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not ran_out(error):
            raise
        said = f"there is too little memory for {config.model} of width {config.width}; take a smaller one"
        raise MemoryError(f"model, width: {said} ({error})") from error


def _model(config: Config, data: datasets.Dataset, seed: int) -> torch.nn.Module:
    inputs, targets = data.train
    classes = {"cifar100": 100}.get(config.dataset, 10)
    if own.find("dataset", config.dataset):
        classes = making.classes_of(data)
    made: torch.nn.Module
    if mine := own.find("model", config.model):
        made = making.model_of(mine, config, data, seed)
    elif config.model == "mlp":
        made = models.mlp(inputs[0].numel(), config.width, classes, seed=seed)
    elif config.model == "transformer":
        made = models.transformer(len(characters.alphabet()), CONTEXT, width=config.width, seed=seed)
    else:
        make = getattr(models, config.model)
        made = make(inputs.shape[1], classes, norm=config.norm, width=config.width, seed=seed)
    return Autocast(made, HALVES[config.precision]) if config.precision in HALVES else made


def _check_fit(
    config: Config, model: torch.nn.Module, criterion: making.Criterion, data: datasets.Dataset, prepare: Prepare
) -> bool:
    """Whether the largest output says the class; what is somebody's own is tried on a few examples before."""
    if not own.named(config):
        return True
    few = prepare((data.test[0][:4], data.test[1][:4]))
    return making.check_fit(config, model, criterion, few, making.classes_of(data))


def _check_precision(config: Config, model: torch.nn.Module) -> None:
    """Raise ValueError for somebody's own model that cannot be stacked under autocast; `Config` knows ours."""
    norms = [type(part).__name__ for part in model.modules() if isinstance(part, RUNNING)]
    if config.precision in HALVES and config.engine != "replay" and norms:
        raise ValueError(
            f"precision, engine: got {config.precision!r} under {config.engine!r}, but {config.model} has "
            f"{norms[0]}, whose 16 bits torch.vmap cannot stack; use engine='replay' (--engine replay), or "
            "precision='float32'"
        )


class Autocast(torch.nn.Module):
    """A model whose forward pass runs in 16 bits where autocast thinks it safe: faster, and NOT exact.

    Gradients are not scaled: in float16, what is below 6e-8 is lost on the way back.
    """

    def __init__(self, model: torch.nn.Module, dtype: torch.dtype):
        super().__init__()
        self.model, self.dtype = model, dtype

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """The model's outputs, as float32."""
        with torch.autocast(inputs.device.type, self.dtype):
            outputs: torch.Tensor = self.model(inputs)
            return outputs.float()


def _criterion(config: Config) -> making.Criterion:
    chosen: making.Criterion
    if mine := own.find("loss", config.loss):
        chosen = mine.thing
        return chosen
    return models.sequence_cross_entropy if config.dataset == "austen" else LOSSES[config.loss]


def _preparation(config: Config, data: datasets.Dataset, dtype: torch.dtype) -> Prepare:
    """What turns stored examples into inputs of the model, on the device where they lie."""
    if data.train[0].dtype == torch.int64:  # tokens
        return lambda batch: batch
    if data.train[0].dtype != torch.uint8:
        return lambda batch: (batch[0].to(dtype), batch[1])
    statistics = {"cifar10": images.CIFAR10, "cifar100": images.CIFAR100}
    mean, std = statistics.get(config.dataset, images.FASHION_MNIST)
    return images.Normalise(mean, std, dtype)
