"""Composer: build words, and see their trie, their ticks and their price."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import ipywidgets as W

from revorder.orders import NAMES, Order, order
from revorder.planning.plan import Plan, plan
from revorder.plots.plans import plan_figure
from revorder.showing import name_of
from revorder.widgets.base import Explorer, row

OWN = "my own"
MOST_STEPS = 10


@dataclass(frozen=True)
class Typed:
    """A composition order from text: line n is the word of step n, as in "2 0 1"."""

    text: str

    def word(self, n: int) -> tuple[int, ...]:
        lines = self.text.rstrip().splitlines()
        if n > len(lines):
            raise ValueError(f"step {n} has no word: write it on line {n} of your words, or ask for fewer steps")
        try:
            return tuple(int(number) for number in lines[n - 1].replace(",", " ").split())
        except ValueError:
            message = f"line {n}: got {lines[n - 1]!r}, but a word is made of batch numbers, such as 2 0 1"
            raise ValueError(message) from None

    def __str__(self) -> str:
        return OWN


class Composer(Explorer):
    """A widget that plans any composition order of up to 10 steps. Display it, or set its controls' `value`.

    Attributes:
        order, number, steps, stride, cyclic, period, words: the controls.
        plan: the `Plan` shown; the last one that could be made, while `error` says what is wrong.
        picture: its `Picture`.
        summary, error, figure: what is shown of them, as HTML.
        view: the box with everything.
    """

    def __init__(self, order: str = "backward", steps: int = 5):
        self.order = W.Dropdown(options=[*NAMES, OWN], value=order, description="order")
        self.number = W.IntText(value=2, description="width", continuous_update=False)
        self.steps = _slider(steps, "steps N")
        self.stride = _slider(1, "stride: a checkpoint every … steps")
        self.cyclic = W.Checkbox(value=False, description="cyclic labels: batches repeat", indent=False)
        self.period = _slider(3, "period K")
        self.words = W.Textarea(value="0\n1 0\n2 0 1\n3 0 1 2\n4 0 1 2 3", description="one word per line", rows=6,
                                continuous_update=False)  # fmt: skip
        self.summary, self.error, self.figure = W.HTML(), W.HTML(), W.HTML()
        self.plan: Plan | None = None
        for control in self.controls:
            control.style.description_width = "initial"
            control.observe(self._update, "value")
        self.view = self._arrange()
        self._update()

    @property
    def controls(self) -> tuple[W.Widget, ...]:
        """All controls, in the order in which the Tab key reaches them."""
        return self.order, self.number, self.steps, self.stride, self.cyclic, self.period, self.words

    def _arrange(self) -> W.Box:
        left, right = self.controls[:4], self.controls[4:]
        columns = [W.VBox(column, layout=W.Layout(flex="1 1 360px")) for column in (left, right)]
        for control in (*self.controls[:4], self.period, self.words):
            control.layout.width = "95%"
        # room is kept for every text and picture, so that a redraw moves nothing
        self.error.layout.min_height, self.summary.layout.min_height = "3em", "6em"
        area = W.Box([self.figure], layout=W.Layout(height="500px", overflow="auto"))
        return W.VBox([row(*columns), self.error, self.summary, area])

    def _update(self, change: Any = None) -> None:
        """Plan what the controls say; if that is not possible, say why and leave the last picture standing."""
        self._show_used_controls()
        try:
            planned = self._planned()
            picture = plan_figure(planned)
        except (TypeError, ValueError) as error:
            self.error.value = _alert(f"{error}. Below is still the last plan: {self._shown()}.")
            return
        self.plan, self.picture = planned, picture
        self.error.value, self.summary.value, self.figure.value = "", _summary(planned), picture.html

    def _show_used_controls(self) -> None:
        field = NAMES.get(self.order.value, (None, None))[1]
        self.number.description = field or "width"
        used = {self.number: field, self.period: self.cyclic.value, self.words: self.order.value == OWN}
        for control, is_used in used.items():
            control.layout.visibility = "visible" if is_used else "hidden"

    def _planned(self) -> Plan:
        steps, stride = self.steps.value, self.stride.value
        if stride > steps:
            raise ValueError(f"stride: got {stride}, but it must be at most the number of steps, {steps}")
        period = self.period.value if self.cyclic.value else steps
        return plan(self._order(), range(stride, steps + 1, stride), labels=[i % period for i in range(steps)])

    def _order(self) -> Order:
        if self.order.value == OWN:
            return Typed(self.words.value)
        kind, field = NAMES[self.order.value]
        return order(self.order.value) if field is None else kind(self.number.value)

    def _shown(self) -> str:
        return f"{name_of(self.plan.order)} with {len(self.plan.letters)} steps" if self.plan else "none"


def _slider(value: int, description: str) -> W.IntSlider:
    return W.IntSlider(value, 1, MOST_STEPS, description=description, continuous_update=False)


def _alert(text: str) -> str:
    return f'<div role="alert" style="line-height:1.4"><b>Not possible:</b> {html.escape(text)}</div>'


def _summary(planned: Plan) -> str:
    saving = planned.naive_cost / planned.cost
    words = ", ".join(
        f'<span style="white-space:nowrap">n = {n}: <code>{" ".join(map(str, word))}</code></span>'
        for n, word in zip(planned.steps, planned.words, strict=True)
    )
    again = len(set(planned.letters.tolist())) < len(planned.letters)
    note = " (in the picture, a batch that comes again carries its first number)" if again else ""
    return (
        f'<div style="line-height:1.4"><span role="status"><b>cost {planned.cost}</b> evaluations of T; '
        f"naive cost {planned.naive_cost}; saving factor {saving:.3g}; launches {planned.launches}; "
        f"peak states {planned.peak_states}</span><br>"
        f"words{note}: {words}</div>"
    )
