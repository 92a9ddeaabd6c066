"""Configurations: frozen, validated, saved as JSON. Everything that a result depends on stands in one."""

from __future__ import annotations

import dataclasses
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from revorder.experiments import checks, own, versions
from revorder.experiments.choices import CHOICES, RESNETS
from revorder.experiments.composing import text_of
from revorder.experiments.fitting import check_together

__all__ = ["CHOICES", "Config"]


def __dir__() -> list[str]:
    return sorted(__all__)


MOST = 10**9  # in any field that counts something
EXACT = ("float32", "float64")  # precisions in which a step is what its formula says, to the rounding of its dtype


@dataclass(frozen=True)
class Config:
    """One experiment: a model trained with a constant learning rate, in several composition orders and seeds.

    Attributes:
        name: what it is called, as its folder: without slashes, ":" and a leading ".", at most 100 characters.
        profile: "smoke", "laptop" or "gpu", or a word of your own, under the same rules.
        dataset: see `CHOICES`. "austen" is a text, "fashion-mnist-as-rgb32" is Fashion-MNIST in CIFAR's format. Or the
            name of your own, as those of a model, orders, loss and metrics (see `register_data`).
        model: "mlp" (one hidden layer, ReLU), "resnet18" or "resnet50" with a 3x3 stem, "transformer" (two blocks), or
            your own, such as "net".
        width: hidden units of the perceptron, channels of the ResNet's first stage, or of the transformer.
        norm: of the ResNets. Ignored by the others.
        optimizer, lr, momentum, weight_decay: the update; constant all along. Momentum is for "sgd" only.
        batch_size, steps, data_order: the batches.
        stride, first: checkpoints are the multiples of `stride` from `first` on.
        orders, seeds: composition orders, as texts; seed s has initial parameters and batches of its own.
        augment: random crops and flips, keyed by the batch.
        engine: "wavefront" is faster; "replay" goes on from a stop to the same bits as a run that was not stopped.
        precision: "float32" (TF32 off), "float64", or, NOT exact, "tf32" (on a GPU), "bf16" or "fp16" (autocast); these
            three for ResNets under "replay" only.
        compile: fuse the steps by TorchInductor ("wavefront" only); sums are taken in another order.
        train_examples, test_examples: take only so many; None: all.
        train_measured: so many training examples, always the same, are those of train loss and accuracy; 0: none.
        records_per_file: of a CIFAR archive; less than 10000 only for small ones made to try things out.
        parts: the checkpoints of one run are shared among so many jobs, for several machines or GPUs.
        keep_states: whether the params at the checkpoints are saved, too.
        loss: "cross-entropy" (nats), "mse" (mean squares, for real targets), or your own.
        metrics: your own, beside loss and accuracy.
        threads: of torch, which change the last bits. Left out: as many as the calling thread has for ResNets, else 1.

    Counts are bounded (`MOST`), as are jobs (`MOST_JOBS`) and the batch numbers of all words (`MOST_LETTERS`), so that
    a configuration from elsewhere is read and reported in bounded time and memory. `revorder plan` prices a RUN.

    Raises (when made):
        ValueError, TypeError: a field out of its range; the message names it, what it got and what is accepted.
    """

    name: str
    profile: str = "laptop"
    dataset: str = "digits"
    model: str = "mlp"
    width: int = 32
    norm: str = "batch"
    optimizer: str = "sgd"
    lr: float = 0.1
    momentum: float = 0.0
    weight_decay: float = 0.0
    batch_size: int = 8
    steps: int = 2000
    stride: int = 10
    first: int = 1
    data_order: str = "reshuffle"
    orders: tuple[str, ...] = ("forward", "backward")
    seeds: int = 3
    augment: bool = False
    engine: str = "wavefront"
    precision: str = "float32"
    compile: bool = False
    train_examples: int | None = None
    test_examples: int | None = None
    train_measured: int = 1000
    records_per_file: int = 10_000
    parts: int = 1
    keep_states: bool = False
    loss: str = "cross-entropy"
    metrics: tuple[str, ...] = ()
    threads: int = None  # type: ignore[assignment]  # None only until it is made

    def __post_init__(self) -> None:
        for field, accepted in CHOICES.items():
            if field in own.FIELDS:
                own.check_known(field, getattr(self, field))
            else:
                checks.one_of(field, getattr(self, field), accepted)
        for field in ("width", "batch_size", "steps", "stride", "first", "seeds", "records_per_file", "parts"):
            self._check_count(field, MOST)
        for field in ("train_examples", "test_examples"):
            if getattr(self, field) is not None:
                self._check_count(field, MOST)
        if self.threads is None:
            object.__setattr__(self, "threads", _default_threads() if self.model in RESNETS else 1)
        self._check_count("threads", checks.MOST_THREADS)
        self._check_count("train_measured", MOST, 0)
        for field in ("augment", "compile", "keep_states"):
            checks.flag(field, getattr(self, field))
        for field in ("lr", "momentum", "weight_decay"):
            checks.number(field, getattr(self, field), zero=field != "lr")
        self._check_texts()
        check_together(self)

    def _check_count(self, field: str, most: int, least: int = 1) -> None:
        checks.count(field, getattr(self, field), most, least)
        object.__setattr__(self, field, int(getattr(self, field)))  # NumPy's integers are none in JSON

    def _check_texts(self) -> None:
        for field, example in (("orders", "forward"), ("metrics", "margin")):
            texts = getattr(self, field)
            if isinstance(texts, str) or not isinstance(texts, list | tuple) or (field == "orders" and not texts):
                raise TypeError(f"{field}: got {texts!r}, but it must be a list of texts, such as [{example!r}]")
        for name in self.metrics:
            own.check_known("metric", name)
        object.__setattr__(self, "metrics", tuple(self.metrics))
        object.__setattr__(self, "orders", tuple(text_of(text) for text in self.orders))
        for field in ("orders", "metrics"):
            if len({text.replace(":", "-").casefold() for text in getattr(self, field)}) < len(getattr(self, field)):
                raise ValueError(f"{field}: got {list(getattr(self, field))}, but each can be run only once")

    @property
    def exact(self) -> bool:
        """Whether steps are computed as their formula says, to the rounding of their dtype."""
        return self.precision in EXACT

    @property
    def unit(self) -> str:
        """Of the loss: "nats", or "" where it has none that is known."""
        return "nats" if self.loss == "cross-entropy" else ""

    @property
    def checkpoints(self) -> range:
        """The steps that are looked at."""
        first = -(-self.first // self.stride) * self.stride
        return range(first, self.steps + 1, self.stride)

    def replace(self, **changes: Any) -> Config:
        """The same configuration with other values in some fields; for another model, threads are chosen anew.

        Raises:
            ValueError: there is no such field.
        """
        checks.known(changes, FIELDS)
        anew = {"threads": None} if changes.get("model", self.model) != self.model else {}
        return dataclasses.replace(self, **(anew | changes))

    def to_json(self) -> str:
        """JSON text with all fields and the version of the format."""
        return versions.written(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str, source: str | Path = "config", *, registered: bool = True) -> Config:
        """What `to_json` wrote, now or in an earlier version. Nothing is imported, whatever it names.

        Args:
            text: the JSON text.
            source: what errors call it.
            registered: whether what is not of this package must be registered. Without that it can only be looked at.

        Raises:
            ValueError: not such a text, another version, or fields that are unknown, missing or out of range.
        """
        fields = versions.fields_of(text, source)
        try:
            checks.known(fields, FIELDS)
            missing = sorted(set(FIELDS) - fields.keys())
            if missing:
                raise ValueError(f"the fields {', '.join(missing)} are missing")
            if fields["threads"] is None:
                raise TypeError("threads: got null, but they are chosen once, when a configuration is made")
            with nullcontext() if registered else own.unknown_accepted():
                return cls(**fields)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{source} is damaged: {error}") from error


FIELDS = tuple(field.name for field in dataclasses.fields(Config))


def _default_threads() -> int:
    from revorder.experiments.arithmetic import default_threads  # it needs torch

    return default_threads()
