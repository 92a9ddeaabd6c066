"""The widgets of notebook 03: coin tosses as binary digits, and the stationary law of one number."""

from __future__ import annotations

import html
from typing import Any

import ipywidgets as W
import numpy as np

from revorder.diagnostics.laws import LawComparison, compare_laws
from revorder.orders import order
from revorder.plots.laws import GOLDEN, digits_figure, law_figure, law_kind, rate_name
from revorder.theory import batch_weights, bernoulli_convolution_cdf, binary_fraction
from revorder.theory.checks import Floats
from revorder.widgets.base import Explorer

MOST_BITS = 53
RATES = (0.2, 0.3, GOLDEN, 0.45, 0.5, 0.55, 0.6, 2 / 3, 0.7, 0.8, 0.9)  # below ½ a new rate takes a moment: few
STEPS = 100  # 0.8^100 is 2e-10: the law of step 100 cannot be told from the stationary one
ORDERS = ("forward", "backward")


class BitString(Explorer):
    """Type coin tosses, choose a step n: the digits of F_n and B_n (learning rate ½, θ_0 = 0).

    Attributes:
        bits, step: the controls.
        tosses: the tosses shown, oldest first; the last valid ones while `error` says what is wrong with `bits`.
        values: order -> state at the step shown, exact.
        picture: the paths on the number line, a `Picture`.
        error, digits, figure: what is shown, as HTML.
        view: the box with everything.
    """

    def __init__(self, bits: str = "1011001011", n: int = 5):
        wide = {"style": {"description_width": "110px"}, "layout": W.Layout(width="520px")}
        self.bits = W.Text(bits, description="tosses, 0 or 1", continuous_update=False, **wide)
        self.step = W.IntSlider(n, 1, len(bits), description="step n", continuous_update=False, **wide)
        self.error = W.HTML(layout=W.Layout(min_height="2em"))
        self.digits = W.HTML(layout=W.Layout(min_height="170px"))
        self.figure = W.HTML(layout=W.Layout(min_height="335px"))
        self.view = W.VBox([self.bits, self.step, self.error, self.digits, self.figure])
        self.tosses = _tosses(bits)
        self.bits.observe(self._retyped, "value")
        self.step.observe(self._update, "value")
        self._update()

    def _retyped(self, change: Any) -> None:
        try:
            self.tosses = _tosses(change["new"])
        except ValueError as error:
            self.error.value = _alert(f"{error} Below are still {''.join(map(str, self.tosses))}.")
            return
        self.error.value, before = "", self.step.value
        self.step.max = len(self.tosses)  # may lower the step, which then draws
        if self.step.value == before:
            self._update()

    def _update(self, change: Any = None) -> None:
        used = self.tosses[: self.step.value]
        self.values = {"forward": binary_fraction(used[::-1]), "backward": binary_fraction(used)}
        self.picture = digits_figure(self.tosses, len(used))
        self.digits.value, self.figure.value = _digits_table(used, self.values), self.picture.html


class StationaryLaw(Explorer):
    """End points of many seeds against the exact law of one number, from overlapping pieces to Cantor's law.

    Every seed has tosses of its own, and forward and backward have different ones, so that they are independent.

    Attributes:
        lr, seeds, draw: the controls: learning rate, number of seeds, and which tosses.
        samples: order -> (seeds,) states at step 100.
        laws: "forward", "backward" (each against the exact law) and "both" (against each other) -> `LawComparison`.
        picture: a `Picture`.
        summary, figure: what is shown, as HTML.
        view: the box with everything.
    """

    def __init__(self, lr: float = 0.5, seeds: int = 400):
        wide = {"style": {"description_width": "110px"}, "layout": W.Layout(width="420px")}
        options = [(rate_name(rate), rate) for rate in RATES]
        self.lr = W.SelectionSlider(options=options, value=lr, description="learning rate", continuous_update=False,
                                    **wide)  # fmt: skip
        self.seeds = W.SelectionSlider(options=[100, 400, 1000, 2000], value=seeds, description="seeds",
                                       continuous_update=False, **wide)  # fmt: skip
        self.draw = W.BoundedIntText(0, min=0, max=99, description="draw", **wide)
        self.summary = W.HTML(layout=W.Layout(min_height="7em"))
        self.figure = W.HTML(layout=W.Layout(min_height="325px"))
        self.view = W.VBox([self.lr, self.seeds, self.draw, self.summary, self.figure])
        for control in (self.lr, self.seeds, self.draw):
            control.observe(self._update, "value")
        self._update()

    def _update(self, change: Any = None) -> None:
        lr = self.lr.value
        self.samples = {name: self._ends(name, lr) for name in ORDERS}
        exact = lambda x: bernoulli_convolution_cdf(x, lr)  # noqa: E731
        self.laws = {name: compare_laws(values, exact, support=(0, 1)) for name, values in self.samples.items()}
        self.laws["both"] = compare_laws(*self.samples.values())
        self.picture = law_figure(lr, self.samples)
        self.summary.value, self.figure.value = _laws_table(lr, self.laws), self.picture.html

    def _ends(self, name: str, lr: float) -> Floats:
        """(seeds,) states at the last step; the tosses depend on the draw and the order, so no two are shared."""
        generator = np.random.default_rng([self.draw.value, ORDERS.index(name)])
        tosses = generator.integers(2, size=(self.seeds.value, STEPS))
        return tosses @ batch_weights(order(name).word(STEPS), lr)


def _tosses(text: str) -> list[int]:
    """Bits from what was typed; ValueError with what is wrong."""
    text = text.strip()
    wrong = [sign for sign in text if sign not in "01"]
    if wrong:
        raise ValueError(f"A toss is 0 or 1, but there is {wrong[0]!r}.")
    if not 1 <= len(text) <= MOST_BITS:
        raise ValueError(f"Give 1 to {MOST_BITS} tosses (so many digits float64 holds exactly); there are {len(text)}.")
    return [int(sign) for sign in text]


def _alert(text: str) -> str:
    return f'<div role="alert" style="line-height:1.4"><b>Not possible:</b> {html.escape(text)}</div>'


def _digits_table(used: list[int], values: dict[str, float]) -> str:
    """Which batch is which digit, and the numbers; the newest batch is marked."""
    n = len(used)
    places = "".join(f"<th scope='col'>2<sup>-{place}</sup></th>" for place in range(1, n + 1))
    rows = f"<tr><th scope='row'>weight of the digit</th>{places}</tr>"
    for name, letter, batches in (("backward", "B", range(n)), ("forward", "F", range(n - 1, -1, -1))):
        numbers = "".join(_cell(str(i), i == n - 1) for i in batches)
        digits = "".join(_cell(str(used[i]), i == n - 1) for i in batches)
        rows += f"<tr><td style='white-space:nowrap'>{name} reads batch</td>{numbers}</tr>"
        rows += f"<tr><th scope='row'>digit of {letter}<sub>{n}</sub></th>{digits}</tr>"
    said = "; ".join(_number(letter, n, values[name]) for name, letter in (("backward", "B"), ("forward", "F")))
    return (
        f"<div style='overflow-x:auto'><table style='line-height:1.5'>{rows}</table></div>"
        f"<p role='status' style='margin:4px 0'>{said}. Framed: the newest batch, {n - 1}.</p>"
    )


def _cell(text: str, newest: bool) -> str:
    frame = "border:2px solid;font-weight:bold;" if newest else ""
    return f"<td style='{frame}padding:0 7px;text-align:center'>{text}</td>"


def _number(letter: str, n: int, value: float) -> str:
    """A state as a fraction with denominator 2^n, which is exact, and as a decimal number."""
    decimal = f"{value:.10g}"
    equals = "=" if float(decimal) == value else "≈"
    return f"{letter}<sub>{n}</sub> = {int(value * 2**n)}/{2**n} {equals} {decimal}"


def _laws_table(lr: float, laws: dict[str, LawComparison]) -> str:
    names = {"forward": "forward, exact law", "backward": "backward, exact law", "both": "forward, backward"}
    rows = "".join(
        f"<tr><th scope='row' style='text-align:left'>{said}</th><td>{laws[name].ks:.3f}</td>"
        f"<td style='padding-left:2em'>{laws[name].p_value:.3f}</td></tr>"
        for name, said in names.items()
    )
    return (
        f"<b role='status'>Learning rate {rate_name(lr)}: {law_kind(lr)}.</b>"
        "<table style='line-height:1.4'><tr><th>compared</th>"
        f"<th>KS distance</th><th style='padding-left:2em'>p-value</th></tr>{rows}</table>"
    )
