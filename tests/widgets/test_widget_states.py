"""Any sequence of moves leaves a widget as if it had been put there directly; when it is closed, nothing is left."""

from __future__ import annotations

import ipywidgets as W
import pytest
from every_widget import controls, shown
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from nights import nightly
from processes import printed

import revorder as ro

TRAINING = ["DigitsExplorer"]  # about a second a move
OWN_TESTS = ["ExperimentPanel", "RegimeExplorer"]  # they wait for a button; see test_panel.py, test_regime_explorer.py


def alarmed(widget):
    return any('role="alert"' in text for text in shown(widget))


def values(control):
    """Values that a learner can give to a control."""
    if isinstance(control, (W.SelectionSlider, W.Dropdown)):
        return st.sampled_from([option[-1] if isinstance(option, tuple) else option for option in control.options])
    if isinstance(control, W.Checkbox):
        return st.booleans()
    if isinstance(control, W.FloatLogSlider):
        steps = round((control.max - control.min) / control.step)
        return st.integers(0, steps).map(lambda k: control.base ** (control.min + k * control.step))
    if isinstance(control, W.FloatSlider):
        steps = round((control.max - control.min) / control.step)
        return st.integers(0, steps).map(lambda k: control.min + k * control.step)
    if isinstance(control, (W.IntSlider, W.BoundedIntText)):
        return st.integers(control.min, control.max)
    if isinstance(control, W.IntText):
        return st.integers(-2, 12)
    texts = ["0", "0110", "01 01", "1\n0 1\n2 1 0", "0 1 2", "x", "", "-1", "0" * 60, "<b>0</b>", "9\n9\n9"]
    return st.sampled_from(texts)


def few(examples, steps):
    """Settings without shrinking: it would repeat slow moves for minutes."""
    return settings(max_examples=examples, stateful_step_count=steps, phases=[Phase.explicit, Phase.generate])


def machine(name):
    class Moves(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.widget = getattr(ro.widgets, name)()

        @rule(data=st.data())
        def move(self, data):
            control = data.draw(st.sampled_from(controls(self.widget)))
            control.value = data.draw(values(control))
            assert self.widget.picture.html in shown(self.widget)

        def teardown(self):
            direct = getattr(ro.widgets, name)()
            for _ in range(2):  # a control's range may depend on another control
                for own, other in zip(controls(direct), controls(self.widget), strict=True):
                    own.value = other.value
            assert alarmed(direct) == alarmed(self.widget)
            if not alarmed(direct):  # else the last picture that could be made stays, whichever it was
                assert shown(direct) == shown(self.widget)

    return Moves


def test_all_widgets_are_covered():
    assert {*TRAINING, *OWN_TESTS} == set(ro.widgets.__all__)


@pytest.mark.parametrize("name", TRAINING)
def test_moves_end_where_the_controls_say(name):
    run_state_machine_as_test(machine(name), settings=few(2, 2))


LEAK = """
import gc, sys, psutil, ipywidgets as W, matplotlib, revorder as ro
from ipywidgets.widgets.widget import _instances
make, arguments = getattr(ro.widgets, sys.argv[1]), [int(each) for each in sys.argv[2:]]
own = psutil.Process()

def many(times):
    for _ in range(times):
        explorer = make(*arguments)
        explorer.close()
    gc.collect()
    return own.memory_info().rss

before = len(_instances)
many(80)  # until the memory of figures that are thrown away comes round again
first = many(40)
last = many(40)
assert len(_instances) == before, (before, len(_instances))
assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()
print((last - first) / 40 / 1024)
"""


@pytest.mark.parametrize("name, arguments", [("ExperimentPanel", ()), *nightly(("DigitsExplorer", (4, 2)))])
def test_widgets_opened_and_closed_a_hundred_times_leak_nothing(name, arguments):
    """Less than 20 KB each, where one picture alone has some 60 KB."""
    assert float(printed("-c", LEAK, name, *map(str, arguments), timeout=300)) < 20
