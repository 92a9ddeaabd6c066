"""The widget of notebook 08: does training contract? Two coupled runs of a network, and the paths of both orders."""

from __future__ import annotations

import dataclasses
import functools
import html
from dataclasses import dataclass

import ipywidgets as W
import numpy as np
import torch

from revorder.data.datasets import digits
from revorder.errors import DivergedError
from revorder.plots.picture import Picture, spoken
from revorder.plots.training import regime_figure
from revorder.problems import Problem, digits_mlp
from revorder.pytrees import Tree
from revorder.running.run import run
from revorder.trajectories.trajectory import Trajectory
from revorder.updates.descent import SGD, sgd
from revorder.updates.modules import ModuleLoss
from revorder.widgets.base import Explorer, side_by_side

STEPS, STRIDE = 400, 20


@dataclass(frozen=True, eq=False)
class Coupled:
    """Two runs on the same batches from two starts.

    Attributes:
        steps: (m,) where the gaps were taken; the first is 0.
        parameters: (m,) Euclidean distance of all parameters.
        predictions: (m,) root mean square, over the test images, of the distance of the predicted probabilities.
    """

    steps: np.ndarray
    parameters: np.ndarray
    predictions: np.ndarray

    @property
    def factor(self) -> float:
        """By how much the gap of the predictions changed: the last quarter (geometric mean) over step 0."""
        return float(np.exp(np.log(self._late).mean()) / self.predictions[0])

    @property
    def rate(self) -> float:
        """The same as a factor per step; below 1: the predictions come together."""
        return float(self.factor ** (1 / self.steps[-len(self._late) :].mean()))

    @property
    def _late(self) -> np.ndarray:
        return self.predictions[-max(1, (len(self.steps) - 1) // 4) :]


def digits_problem(lr: float, batch_size: int, steps: int, *, momentum: float = 0.0, seed: int = 0) -> Problem:
    """`digits_mlp` in float64, with momentum, and with one batch more than `steps` for the second start."""
    problem = digits_mlp(lr, batch_size, steps + 1, seed=seed, dtype=torch.float64)
    if not momentum:
        return problem
    update = sgd(_loss(problem), lr, momentum)
    return dataclasses.replace(problem, update=update, start=update.init(problem.start["params"]))


def _from(problem: Problem, start: Tree, order: str, steps: list[int]) -> Trajectory:
    return run(problem.update, start, problem.batches, order, steps, metrics=problem.metrics, progress=False,
               engine="wavefront")  # fmt: skip


def gaps(problem: Problem, run_a: Trajectory, run_b: Trajectory, other: Tree) -> Coupled:
    """The gaps of two runs of a problem, from its start and from `other`, at step 0 and at the checkpoints.

    If `other` is one step of batch n away, T_n(θ_0), the gap at step n is that of a backward move: B_{n+1} - B_n is the
    gap of two starts so far apart.
    """
    a, b = (
        {name: torch.cat([first[None], made.states["params"][name]]) for name, first in start["params"].items()}
        for start, made in ((problem.start, run_a), (other, run_b))
    )
    squares = functools.reduce(torch.add, (((a[name] - b[name]) ** 2).flatten(1).sum(1) for name in a))
    apart = (_probabilities(problem, a) - _probabilities(problem, b)).square().sum(-1).mean(-1)
    return Coupled(np.array([0, *run_a.steps]), squares.sqrt().numpy(), apart.sqrt().numpy())


def _loss(problem: Problem) -> ModuleLoss:
    """The loss of a digits problem."""
    assert isinstance(problem.update, SGD) and isinstance(problem.update.loss, ModuleLoss)
    return problem.update.loss


@functools.cache
def _images(dtype: torch.dtype) -> torch.Tensor:
    return digits(dtype=dtype).test[0]


def _probabilities(problem: Problem, params: dict[str, torch.Tensor]) -> torch.Tensor:
    """Predicted probabilities of a stack of params: (m, 397 images, 10 classes)."""
    model, images = _loss(problem).model, _images(next(iter(params.values())).dtype)
    logits: torch.Tensor = torch.vmap(lambda one: torch.func.functional_call(model, one, (images,)))(params)
    return logits.softmax(-1)


class RegimeExplorer(Explorer):
    """A widget: train a small network in both orders, and see whether two coupled runs come together.

    Attributes:
        lr, batch_size, momentum, order, seed: the controls; `order` is that of the coupled runs.
        trajectories: the runs shown at the left, forward and backward. Empty if one diverged.
        coupled: the gaps shown at the right, or None.
        picture: what is shown, a `Picture`, or None.
        image: the same as HTML.
        status: the message of the picture, read aloud when it changes.
        view: the box to display; the object itself displays as it.
    """

    def __init__(self, lr: float = 0.1, batch_size: int = 8, momentum: float = 0.0, order: str = "forward"):
        self.lr = W.FloatLogSlider(lr, min=-2, max=0, step=0.1, description="learning rate h", readout_format=".2g")
        self.batch_size = W.SelectionSlider(options=[2, 4, 8, 16, 32], value=batch_size, description="batch size")
        self.momentum = W.SelectionSlider(options=[0.0, 0.5, 0.9], value=momentum, description="momentum")
        self.order = W.Dropdown(options=["forward", "backward"], value=order, description="order of the pair")
        self.seed = W.BoundedIntText(0, min=0, max=99, description="seed")
        self.image, self.status = W.HTML(layout=W.Layout(min_height="370px")), W.HTML()
        for control in self.controls:
            control.style.description_width, control.layout.width = "120px", "380px"
            control.continuous_update = False
            control.observe(self._redraw, names="value")
        self.view = W.VBox([side_by_side(self.controls[:3], self.controls[3:]), self.image, self.status])
        self._redraw()

    @property
    def controls(self) -> tuple[W.Widget, ...]:
        """All controls, in the order in which the Tab key reaches them."""
        return self.lr, self.batch_size, self.momentum, self.order, self.seed

    def _redraw(self, change: object = None) -> None:
        self.trajectories: list[Trajectory] = []
        self.coupled: Coupled | None = None
        self.picture: Picture | None = None
        self.status.value = ""
        try:
            self.trajectories, found = self._train()
        except DivergedError as error:
            said = f"<b>Diverged:</b> {html.escape(str(error))}. Choose a smaller learning rate."
            self.image.value = f'<p role="alert">{said}</p>'
            return
        self.coupled, order = found, self.order.value
        self.picture = regime_figure(self.trajectories, found.steps.tolist(), found.parameters, found.predictions,
                                     order=order, title=_said(found))  # fmt: skip
        self.image.value, self.status.value = self.picture.html, spoken(_said(found))

    def _train(self) -> tuple[list[Trajectory], Coupled]:
        problem = digits_problem(self.lr.value, self.batch_size.value, STEPS, momentum=self.momentum.value,
                                 seed=self.seed.value)  # fmt: skip
        steps, order = list(range(STRIDE, STEPS + 1, STRIDE)), self.order.value
        other = problem.update(problem.start, problem.batches[STEPS])
        runs = [_from(problem, problem.start, name, steps) for name in ("forward", "backward")]
        first = runs[order == "backward"]
        return runs, gaps(problem, first, _from(problem, other, order, steps), other)


def _said(found: Coupled) -> str:
    verdict = "contract" if found.rate < 1 else "do not contract"
    ends = f"in the last quarter their gap is {found.factor:.2g} of its start"
    return f"Predictions {verdict} ({found.rate:.4f} per step): {ends}"
