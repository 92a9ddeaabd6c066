"""What a notebook shows of an object: one short line, or a small table that is escaped and readable in every theme."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from every_picture import Tags

import revorder as ro
from revorder.experiments import Config, Folder
from revorder.orders import order
from revorder.showing import CELL, LINE, Shown, cut, latest, line, name_of, shapes, span, table

MANY = 1000
HOSTILE = "<script>alert('x')</script>&\n\"" * 50


class Nameless:
    def word(self, n):
        return range(n)


class Failing(Nameless):
    def __str__(self):
        raise RuntimeError("no text today")


class Endless(Nameless):
    def __str__(self):
        return "many\nlines " * 10_000


class Silent(Nameless):
    def __str__(self):
        return ""


@dataclass
class Keyed(Nameless):
    key: object = None


def trajectory(states=None, metrics=None, order="backward", steps=range(1, MANY + 1)):
    steps = list(steps)
    states = torch.zeros(len(steps), 3) if states is None else states
    return ro.Trajectory(order, steps, states, metrics or {}, cost=5 * MANY, engine="wavefront: as asked")


def network(count=60):
    return {"params": {f"layers.{i}.weight": torch.zeros(MANY, 8, 8) for i in range(count)}}


def objects():
    """(name, what shows itself) with a thousand of everything, or with something odd in it."""
    data = torch.zeros(MANY, 1, 8, 8), torch.zeros(MANY, dtype=torch.int64)
    index = ro.batches.iid(MANY, 8, MANY)
    metrics = {f"metric {i}": np.linspace(2, 1, MANY) for i in range(MANY)}
    update = lambda theta, batch: theta
    yield "plan", ro.plan("backward", range(1, MANY + 1))
    yield "plan of one", ro.plan("forward", [3])
    yield "trajectory", trajectory(network(), metrics)
    yield "dataset", ro.datasets.Dataset("noise", data, data)
    yield "minibatches", ro.batches.Minibatches(data, index)
    yield "prepared minibatches", ro.batches.Minibatches({"x": data[0]}, index, prepare=update)
    yield "problem", ro.problems.Problem(update, network(), torch.zeros(MANY), metrics)
    yield "problem without", ro.problems.Problem(partial(update), None, iter(()), {})
    yield "empty states", trajectory(states=[])
    yield "no states", ro.Trajectory("backward", [1], None)
    yield "nothing at all", ro.Trajectory("", [], torch.zeros(0, 3), {"loss": np.array([])})
    yield "meta tensors", trajectory(torch.zeros(MANY, 3, device="meta"))
    yield "meta minibatches", ro.batches.Minibatches(torch.zeros(9, device="meta"), torch.zeros(2, 2).long())
    yield "a scalar without steps", trajectory(torch.zeros(()), steps=[1])
    yield "states of no tensors", trajectory({"a": 3, "b": [None, "text", object()]})
    yield "NaN", trajectory(metrics={"loss": np.full(MANY, np.nan)})
    yield "infinite", trajectory(metrics={"loss": np.full((MANY, 4), np.inf)})
    yield "checkpoint", ro.Checkpoint("backward", MANY, network(), {name: 0.5 for name in metrics}, MANY, again=True)
    yield "checkpoint of seeds", ro.Checkpoint(HOSTILE, 1, None, {HOSTILE: np.ones(MANY)}, 0)
    yield "seeds", ro.SeedRuns("backward", [1], None, {HOSTILE: np.ones((1, MANY))}, 0, "")
    for kind in (Nameless, Failing, Endless, Silent, Keyed, partial(Keyed, Nameless), partial(Keyed, np.zeros(9**5))):
        yield f"plan of {kind}", ro.plan(kind(), range(1, 11))
        yield f"trajectory of {kind}", trajectory(order=kind())
    for number, made in enumerate(hostile()):
        yield f"hostile {number}", made


def hostile():
    pair = torch.zeros(9, 2), torch.zeros(9)
    yield ro.datasets.Dataset(HOSTILE, pair, pair)
    yield trajectory({HOSTILE: torch.zeros(MANY)}, {HOSTILE: np.ones(MANY)}, order=HOSTILE)
    yield ro.problems.Problem(HOSTILE, {HOSTILE: torch.zeros(2)}, [], {HOSTILE: max})
    yield Folder(f"/{HOSTILE}")


OBJECTS = dict(objects())
every = pytest.mark.parametrize("made", OBJECTS.values(), ids=OBJECTS)


@every
def test_a_repr_is_one_short_line(made):
    assert repr(made).startswith(f"{type(made).__name__}: ")
    assert len(repr(made)) <= LINE == 200
    assert repr(made).isprintable() and " at 0x" not in repr(made)
    assert str(made) == repr(made)


@every
def test_a_table_is_small_escaped_and_without_colours(made):
    html = made._repr_html_()
    assert len(html) <= 3000
    tags = Tags(html).elements
    assert {tag for tag, _, _ in tags} <= {"table", "caption", "tr", "th", "td"}
    assert not re.search(r"color|background|#[0-9a-f]{3}", re.sub(r">[^<]*<", "><", html))
    heads = [attributes for tag, attributes, _ in tags if tag == "th"]
    assert heads and all(attributes["scope"] == "row" for attributes in heads)
    assert all(len(text) <= CELL for tag, _, text in tags if tag in ("td", "th"))
    assert " at 0x" not in html


def test_markup_in_names_is_shown_as_it_is():
    for made in hostile():
        assert "<script" not in made._repr_html_() and "&lt;script&gt;alert('x')" in made._repr_html_()
    assert table("a<b", {"c<d": "e<f"}).count("&lt;") == 3


def rows(made):
    cells = [text for tag, _, text in Tags(made._repr_html_()).elements if tag in ("th", "td")]
    return dict(zip(cells[::2], cells[1::2], strict=True))


def test_a_plan_says_its_price():
    plan = ro.plan("backward", range(1, 501))
    assert repr(plan) == (
        "Plan: order backward; checkpoints 500 from n = 1 to 500; cost 125,250; naive cost 125,250; launches 500; "
        "peak states 500"
    )
    assert rows(plan) == {
        "order": "backward", "checkpoints": "500 from n = 1 to 500", "cost": "125,250", "naive cost": "125,250",
        "launches": "500", "peak states": "500",
    }  # fmt: skip
    assert repr(ro.plan(Nameless(), [4, 2, 4])).startswith("Plan: order Nameless; checkpoints n = 4, 2, 4; cost 4;")


def test_a_trajectory_says_what_a_learner_asks_for():
    run = trajectory({"params": torch.zeros(MANY, 3, 4), "step": torch.zeros(MANY, dtype=torch.int64)},
                     {"test loss": np.linspace(2, 0.25, MANY), "accuracy": np.ones(MANY)})  # fmt: skip
    assert rows(run) == {
        "order": "backward", "steps": "1,000 from n = 1 to 1000", "metrics": "test loss 0.25, accuracy 1",
        "states": "2 tensors of 13 numbers: ['params'] (3, 4) float32, ['step'] () int64", "cost": "5,000",
        "engine": "wavefront: as asked",
    }  # fmt: skip
    assert "order backward; steps 1,000 from n = 1 to 1000; metrics test loss 0.25, accuracy 1" in repr(run)
    assert "loss nan" in repr(OBJECTS["NaN"]) and "loss inf on average" in repr(OBJECTS["infinite"])
    assert rows(OBJECTS["nothing at all"]) == {
        "order": "", "steps": "none", "metrics": "loss not measured", "states": "(3,) float32", "cost": "0",
    }  # fmt: skip
    assert "states None" in repr(OBJECTS["no states"])


def test_data_and_problems_say_how_much_there_is():
    assert repr(ro.datasets.digits()) == (
        "Dataset: name digits; train 1,400 examples; test 397 examples; inputs (1, 8, 8) float32; targets () int64"
    )
    data, index = (torch.zeros(20, 3), torch.zeros(20)), ro.batches.iid(20, 4, 6)
    assert repr(ro.batches.Minibatches(data, index)) == (
        "Minibatches: batches 6 of 4 examples each, of 20; example 2 tensors of 4 numbers: [0] (3,) float3…"
    )
    normalise = ro.images.Normalise((0.5,), (0.5,))
    made = ro.batches.Minibatches(torch.zeros(20, 1, 2, 2), index, normalise)
    assert rows(made)["prepare"].startswith("Normalise")
    halve = lambda theta, batch: theta / 2
    problem = ro.problems.Problem(halve, torch.zeros(3), made, {"loss": abs, "θ": abs})
    assert repr(problem) == "Problem: update <lambda>; start (3,) float32; batches 6 (Minibatches); metrics loss, θ"


def test_a_result_folder_says_how_far_it_is(tmp_path):
    folder = Folder(tmp_path / "results")
    assert repr(folder).startswith("Folder: path ") and "no experiment that can be read" in repr(folder)
    folder.begin(Config("try", steps=40, stride=10, seeds=2))
    for name in ("forward-seed0.safetensors", "forward-seed1.safetensors", "backward-seed0.snapshot.safetensors"):
        (folder.path / "jobs" / name).touch()
    assert rows(folder) == {
        "path": cut(folder.path, CELL), "experiment": "try", "jobs": "2 of 4 finished, 1 under way",
        "orders": "forward, backward",
    }  # fmt: skip
    for seed in range(3):  # seeds=3 was made less by hand
        (folder.path / "jobs" / f"backward-seed{seed}.safetensors").touch()
    (folder.path / "jobs" / "backward-seed0.snapshot.safetensors").unlink()
    assert rows(folder)["jobs"] == "4 of 4 finished, 0 under way"
    (folder.path / "config.json").write_text("{")
    assert "no experiment that can be read" in repr(folder)
    parts = Folder(tmp_path / "parts")
    parts.begin(Config("parts", steps=40, stride=10, parts=2))
    assert rows(parts)["jobs"] == "0 finished, 0 under way"


def test_results_in_the_repository_say_what_they_are(root):
    assert "mlp-fashion-mnist" in repr(Folder(root / "notebooks" / "results" / "mlp-fashion-mnist"))


def test_names():
    assert [name_of(each) for each in (Nameless(), Failing(), Silent(), Keyed(3), Keyed(Nameless()))] == [
        "Nameless", "Failing", "Silent", "Keyed(key=3)", "Keyed",
    ]  # fmt: skip
    assert name_of(SimpleNamespace(word=lambda n: [0])) == "namespace" or name_of(SimpleNamespace(word=max))
    assert name_of(trajectory) == "trajectory" and name_of(torch.nn.functional.relu) == "relu"
    for text in ("forward", "backward-window:2", "shuffled:3"):
        assert name_of(order(text)) == name_of(text) == text


def test_spans_shapes_and_last_values():
    assert span([]) == "none" and span([7]) == "n = 7" and span([9, 1, 5, 3, 1]) == "5 from n = 1 to 9"
    assert shapes([]) == "nothing" and shapes([("", None)]) == "None"
    assert shapes([("a", torch.zeros(2, 3)), ("b", 4)], lead=1) == "2 tensors of 3 numbers: a (3,) float32, b 4"
    assert latest({}) is None
    assert cut("a  b\nc", 5) == "a b c" and cut("abcdef", 4) == "abc…" and cut(1234567, 9) == "1,234,567"
    assert line("Kind", {"a": 1, "left out": None, "b": "c"}) == "Kind: a 1; b c"


def test_any_class_can_show_itself():
    @dataclass(frozen=True, repr=False)
    class Descent(Shown):
        lr: float

        def _facts(self):
            return {"lr": self.lr}

    assert repr(Descent(0.1)) == "Descent: lr 0.1" and "<td" in Descent(0.1)._repr_html_()
