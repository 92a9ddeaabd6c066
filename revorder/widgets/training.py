"""The widget of notebook 08: train two networks on the same batches, and see what becomes of the gap between them."""

from __future__ import annotations

import dataclasses
import html

import ipywidgets as W
import numpy as np
import torch

from revorder.data.datasets import digits
from revorder.diagnostics.coupling import network_gaps
from revorder.errors import DivergedError
from revorder.plots.picture import Picture, spoken
from revorder.plots.training import gaps_figure
from revorder.problems import Problem, digits_mlp
from revorder.pytrees import Tree, stack
from revorder.running.seeds import run_seeds
from revorder.updates.descent import SGD, sgd
from revorder.updates.modules import ModuleLoss
from revorder.widgets.base import Explorer, busy, side_by_side

LOOKS = (10, 20, 50, 100, 150, 200, 300, *range(400, 2001, 100))
TURN = 400  # steps: the gap at the end is compared with that here
STARTS = {"one gradient step away": "perturbed", "drawn by another seed": "independent"}
OTHER = 1000  # added to a seed: that of the independent start


@dataclasses.dataclass(frozen=True, eq=False)
class Pair:
    """Two runs on the same batches from two starts.

    Attributes:
        steps: (m,) where the gaps were taken; the first is 0.
        gaps: quantity -> (m,) "parameters", "logits" and "probabilities", as `network_gaps` has them.
        losses: (2, m) test losses in nats.
    """

    steps: np.ndarray
    gaps: dict[str, np.ndarray]
    losses: np.ndarray

    def over_start(self, quantity: str) -> np.ndarray:
        """The gap of a quantity over that at step 0, (m,)."""
        return np.asarray(self.gaps[quantity] / self.gaps[quantity][0])

    def later(self, quantity: str) -> float:
        """The last gap of a quantity over that at step 400, or at the last step before."""
        turn = int(np.searchsorted(self.steps, TURN, side="right")) - 1
        return float(self.gaps[quantity][-1] / self.gaps[quantity][turn])


def digits_problem(lr: float, batch_size: int, steps: int, *, momentum: float = 0.0, seed: int = 0) -> Problem:
    """`digits_mlp` in float64, with momentum, and with one batch more than `steps` for a perturbed start."""
    problem = digits_mlp(lr, batch_size, steps + 1, seed=seed, dtype=torch.float64)
    if not momentum:
        return problem
    update = sgd(_loss(problem), lr, momentum)
    return dataclasses.replace(problem, update=update, start=update.init(problem.start["params"]))


def second_start(problem: Problem, start: str, seed: int) -> Tree:
    """The other start of a pair: "perturbed", by the last batch of the problem, or "independent"."""
    if start == "perturbed":
        return problem.update(problem.start, problem.batches[len(problem.batches) - 1])
    other = digits_mlp(seed=seed + OTHER, steps=1, dtype=torch.float64)
    return {**problem.start, "params": other.start["params"]}


def train_pair(problem: Problem, other: Tree, looks: tuple[int, ...]) -> Pair:
    """Train a problem from its start and from `other`, forward on the same batches; gaps at 0 and the looks."""
    starts, loss = [problem.start, other], problem.metrics["test loss"]
    runs = run_seeds(problem.update, starts, 2 * [problem.batches], "forward", looks, metrics={"test loss": loss},
                     progress=False)  # fmt: skip
    first = stack([start["params"] for start in starts])
    states = {name: torch.cat([first[name][None], each]) for name, each in runs.states["params"].items()}
    a, b = ({name: each[:, i] for name, each in states.items()} for i in range(2))
    at_start = [[float(loss(start)) for start in starts]]
    gaps = network_gaps(_loss(problem).model, digits(dtype=torch.float64).test[0], a, b)
    return Pair(np.array([0, *looks]), gaps, np.concatenate([at_start, runs.metrics["test loss"]]).T)


def _loss(problem: Problem) -> ModuleLoss:
    """The loss of a digits problem."""
    assert isinstance(problem.update, SGD) and isinstance(problem.update.loss, ModuleLoss)
    return problem.update.loss


class RegimeExplorer(Explorer):
    """A widget: train two small networks on the same batches, 2000 steps, and see how far apart they stay.

    Attributes:
        lr, batch_size, momentum, start, seed: the controls; `start` is that of the second network.
        train: the button; nothing is trained before it is pressed, but for the first picture.
        pair: what was trained last, a `Pair`, or None.
        picture: what is shown, a `Picture`, or None.
        image: the same as HTML.
        sign: says that the kernel trains, while it does, and that the settings have changed since.
        status: the message of the picture, read aloud when it changes.
        view: the box to display; the object itself displays as it.
    """

    def __init__(self, lr: float = 0.1, batch_size: int = 8, momentum: float = 0.0, start: str = "perturbed"):
        said = next(text for text, name in STARTS.items() if name == start)
        self.lr = W.FloatLogSlider(lr, min=-2, max=0, step=0.1, description="learning rate h", readout_format=".2g")
        self.batch_size = W.SelectionSlider(options=[2, 4, 8, 16, 32], value=batch_size, description="batch size")
        self.momentum = W.SelectionSlider(options=[0.0, 0.5, 0.9], value=momentum, description="momentum")
        self.start = W.Dropdown(options=list(STARTS), value=said, description="second start")
        self.seed = W.BoundedIntText(0, min=0, max=99, description="seed")
        self.train = W.Button(description="Train 2000 steps", button_style="primary")
        self.image, self.status = W.HTML(layout=W.Layout(min_height="370px")), W.HTML()
        self.sign = W.HTML(layout=W.Layout(min_height="1.6em"))
        for control in self.controls:
            control.style.description_width, control.layout.width = "120px", "min(380px, 100%)"
            control.continuous_update = False
            control.observe(self._changed, names="value")
        self.train.on_click(lambda button: self.retrain())
        columns = side_by_side(self.controls[:3], (*self.controls[3:], self.train))
        self.view = W.VBox([columns, self.sign, self.image, self.status])
        self.retrain()

    @property
    def controls(self) -> tuple[W.Widget, ...]:
        """All controls but the button, in the order in which the Tab key reaches them."""
        return self.lr, self.batch_size, self.momentum, self.start, self.seed

    def _changed(self, change: object = None) -> None:
        self.sign.value = "Other settings than those of the picture: press the button to train."

    def retrain(self) -> None:
        """Train with the settings as they are, and show the picture."""
        self.pair: Pair | None = None
        self.picture: Picture | None = None
        self.status.value = ""
        try:
            with busy(self.sign, self.image, said="Training two networks on the digits …"):
                self.pair = self._train()
        except DivergedError as error:
            said = f"<b>Diverged:</b> {html.escape(str(error))}. Choose a smaller learning rate."
            self.image.value = f'<p role="alert">{said}</p>'
            return
        gaps = {name: self.pair.over_start(name)[None] for name in self.pair.gaps}
        losses = {"first": self.pair.losses[:1], "second": self.pair.losses[1:]}
        self.picture = gaps_figure(self.pair.steps.tolist(), gaps, losses, title=_said(self.pair))
        self.image.value, self.status.value = self.picture.html, spoken(_said(self.pair))

    def _train(self) -> Pair:
        seed, options = self.seed.value, {"momentum": self.momentum.value}
        problem = digits_problem(self.lr.value, self.batch_size.value, LOOKS[-1], seed=seed, **options)
        return train_pair(problem, second_start(problem, STARTS[self.start.value], seed), LOOKS)


def _said(pair: Pair) -> str:
    ends = ", ".join(f"{name} {pair.later(name):.2g}" for name in pair.gaps)
    ends_of = ", ".join(f"{name} {pair.over_start(name)[-1]:.2g}" for name in pair.gaps)
    last, turn = pair.steps[-1], min(TURN, pair.steps[-1])
    return f"One pair, step {last}: gap over that at step 0: {ends_of}; over that at step {turn}: {ends}"
