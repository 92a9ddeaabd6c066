"""Figures draw every line that they are given, no two alike, and say which is which; or they refuse."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from coins import ZERO, halfway
from matplotlib.colors import to_rgb
from paths import path
from seen import DEFICIENCIES, WHITE, apart, caught, confusable, contrast, legends, mark, marks

import revorder as ro
from revorder.plots.brackets import SIZES
from revorder.plots.labels import entry, labels_of
from revorder.plots.looks import MARKERS, PALETTE, dot, looks
from revorder.plots.perfect import DRAWS, STARTS
from revorder.widgets.live import Curves

SIX = ["forward", "backward", "two-sided", "shuffled:0", "backward-window:5", "backward-tail:3"]
NINE = [*SIX, "backward-blocks:2", "backward-blocks:3", "_Mine"]
RNG = np.random.default_rng(0)
X = np.array([0.1, 0.01, 0.001])


class OddEven:
    """An order as a learner writes it: nothing but its words."""

    def word(self, n):
        return [*range(0, n, 2), *range(1, n, 2)]


class _Hidden(OddEven):
    """matplotlib leaves labels that begin with an underscore out of legends."""


def run(order, provenance=None, steps=20):
    made = path(RNG.uniform(1, 2, steps), order)
    return ro.Trajectory(order, made.steps, made.states, {**made.metrics, "test loss": made.metrics["loss"]},
                         provenance=provenance or {})  # fmt: skip


def seed(**seeds):
    return {"seeds": seeds, "device": "cpu", "threads": 1}


def drawn(draw, *arguments, **options):
    """The matplotlib figure, and what its legends say."""
    with caught(draw=False) as made:
        draw(*arguments, **options)
    figure = made[-1][0]
    figure.draw_without_rendering()
    return figure, [[said.strip() for said, _ in entries] for entries in legends(figure)]


def all_different(marks_):
    assert len(marks_) > 1
    return all(one.differs(other) for one, other in itertools.combinations(marks_, 2))


@pytest.mark.parametrize("count", [2, 6, 7, 8, 30, 60])
def test_paths_figure_draws_every_run(count):
    runs = [run(f"backward-blocks:{i}") for i in range(1, count + 1)]
    figure, said = drawn(ro.plots.paths_figure, runs, "loss", last=5)
    for ax in figure.axes:
        assert len(ax.lines) == count and all_different([mark(line) for line in ax.lines])
        assert confusable(ax) == []
    assert said == [[run.order for run in runs]]
    for line, each in zip(figure.axes[0].lines, runs, strict=True):
        assert line.get_label() == each.order and line.get_ydata().tolist() == each.metrics["loss"].tolist()


def test_the_figure_of_many_runs_has_room_for_their_names():
    made = ro.plots.paths_figure([run("forward") for _ in range(40)], "loss")
    assert made.png.startswith(b"\x89PNG")  # a layout that collapses warns, which is an error here
    assert all(f"forward ({i}) " in made.alt for i in range(1, 41))


def test_runs_of_one_order_are_told_apart_by_their_seeds_or_by_numbers():
    seeds = [run("backward", seed(update=i, loss=3)) for i in (7, 8)]
    assert labels_of([*seeds, run("forward")]) == ["backward (update seed 7)", "backward (update seed 8)", "forward"]
    devices = [run("backward", {"seeds": {"update": 1}, "device": device}) for device in ("cpu", "NVIDIA H100")]
    assert labels_of(devices) == ["backward (cpu)", "backward (NVIDIA H100)"]
    threads = [run("backward", {"threads": threads}) for threads in (1, 2)]
    assert labels_of(threads) == ["backward (threads 1)", "backward (threads 2)"]
    assert labels_of([run("backward", seed(update=1)), run("backward", seed(update=1))]) == [
        "backward (1)", "backward (2)",
    ]  # fmt: skip
    assert labels_of([run("backward", seed(update=i)) for i in (1, 2, 1)]) == [f"backward ({i})" for i in (1, 2, 3)]
    assert labels_of([run("backward"), run("backward", seed(update=1))]) == ["backward (1)", "backward (2)"]
    damaged = [run("backward", {"seeds": ["?"]}), run("backward", {"seeds": None})]
    assert labels_of(damaged) == ["backward (1)", "backward (2)"]


def test_a_label_is_never_that_of_another_run():
    found = labels_of([run("backward"), run("backward"), run("backward (2)")])
    assert found == ["backward, run 1", "backward, run 2", "backward (2), run 3"]


def test_equal_orders_have_spreads_of_their_own():
    figure, said = drawn(ro.plots.paths_figure, [path([1, 1, 1]), path([1, 2, 3]), path([0, 0, 0], "backward")], "loss")
    assert said == [["forward (1)", "forward (2)", "backward"]]
    assert "forward (1) 0, forward (2) 0.82, backward 0" in figure.get_suptitle()


def test_labels_that_are_given_are_shown():
    runs = [run("forward"), run("forward")]
    figure, said = drawn(ro.plots.paths_figure, runs, "loss", labels=["h = 0.1", "_h = 0.2"])
    assert said == [["h = 0.1", "_h = 0.2"]] and "h = 0.1 0." in figure.get_suptitle()
    assert not figure.axes[0].get_legend().get_title().get_text()  # they need not be orders


@pytest.mark.parametrize(
    "labels, error, said",
    [
        (["a"], ValueError, "labels: got 1 texts, but there are 2 runs"),
        (["a", "b", "c"], ValueError, "labels: got 3 texts"),
        ([], ValueError, "labels: got 0 texts"),
        (["a", "a"], ValueError, "labels: got 'a' more than once"),
        (["a", " "], ValueError, "labels: got an empty text"),
        ("ab", TypeError, "labels: got 'ab'"),
        ([1, 2], TypeError, r"labels: got \[1, 2\]"),
    ],
)
def test_labels_that_do_not_name_every_run_once_are_refused(labels, error, said):
    with pytest.raises(error, match=said):
        ro.plots.paths_figure([run("forward"), run("backward")], "loss", labels=labels)


def test_no_run_is_refused():
    with pytest.raises(ValueError, match="runs: got none"):
        ro.plots.paths_figure([], "loss")


def test_an_order_without_a_text_is_called_by_its_class():
    _, said = drawn(ro.plots.paths_figure, [run(OddEven()), run(_Hidden()), run(OddEven())], "loss")
    assert said == [["OddEven (1)", "_Hidden", "OddEven (2)"]]
    figure, _ = drawn(ro.plots.plan_figure, ro.plan(OddEven(), [3]))
    assert "OddEven: 3 evaluations" in str([text.get_text() for text in figure.findobj(match=_is_text)])


def _is_text(artist):
    return hasattr(artist, "get_text")


@pytest.mark.parametrize("steps", [10, 40])  # every checkpoint is marked, or only so many that lines differ
def test_experiment_figures_draw_every_order(steps):
    runs = {name: [run(name, steps=steps)] * 2 for name in NINE}
    figure, said = drawn(ro.plots.experiment_paths_figure, runs, "loss", tail=4)
    assert said == [NINE]
    for ax in figure.axes:
        assert len(ax.lines) == 18 and all_different([mark(line) for line in ax.lines[::2]])
    spreads = {name: {0: 1.0, 1: 2.0} for name in NINE}
    figure, _ = drawn(ro.plots.experiment_spreads_figure, spreads, quantity="spread")
    assert len(figure.axes[0].collections) == 9 and confusable(figure.axes[0]) == []


def test_the_live_picture_draws_every_order():
    runs = {(name, number): run(name) for name in NINE for number in range(2)}
    figure, said = drawn(Curves(runs).picture)
    assert said == [NINE]
    assert len(figure.axes[0].lines) == 18 and all_different([mark(line) for line in figure.axes[0].lines[::2]])
    alone = drawn(Curves({("backward", 0): run("backward")}).picture)[0].axes[0].lines[0]
    assert to_rgb(alone.get_color()) == to_rgb(PALETTE[1]["color"])  # whether there is forward beside it, or not


def two_spreads(orders):
    x = torch.from_numpy(RNG.integers(2, size=(60, 10))).double()
    options = {"metrics": {"state": lambda theta: theta}, "progress": False}
    seeds = [ro.run_seeds(halfway, ZERO, x, order, [10], **options) for order in orders]
    return seeds, [ro.run(halfway, ZERO, x[0], order, range(1, 11), **options) for order in orders]


def test_two_spreads_figure_draws_every_pair_or_refuses():
    seeds, paths = two_spreads(["forward", "backward", "two-sided", "backward"])
    figure, said = drawn(ro.plots.two_spreads_figure, seeds, paths, "state")
    names = ["forward", "backward (1)", "two-sided", "backward (2)"]
    assert [[text.rsplit(" ", 1)[0] for text in entries] for entries in said] == [names, names]
    for ax in figure.axes:
        assert len(ax.lines) == 4 and all_different([mark(line) for line in ax.lines])
    assert "between forward and backward (1)" in ro.plots.two_spreads_figure(seeds, paths, "state").alt
    assert "KS" not in ro.plots.two_spreads_figure(seeds[:1], paths[:1], "state").alt
    with pytest.raises(ValueError, match="got the orders forward, backward and backward, forward"):
        ro.plots.two_spreads_figure(seeds[:2], paths[1::-1], "state")
    with pytest.raises(ValueError, match="got the orders forward and none"):
        ro.plots.two_spreads_figure(seeds[:1], [], "state")


def test_gaps_figure_draws_every_pair():
    gaps = {name: np.full((1, 3), 2.0) for name in ("parameters", "logits", "probabilities")}
    losses = {"first": np.ones((1, 3)), "second": np.full((1, 3), 2.0)}
    figure, said = drawn(ro.plots.gaps_figure, [0, 1, 400], gaps, losses, title="T")
    assert said == [list(losses), list(gaps)] and len(figure.axes[1].lines) == 4
    assert all(confusable(ax) == [] for ax in figure.axes)
    for ax in figure.axes:
        assert not ax.get_legend().get_window_extent().overlaps(figure._suptitle.get_window_extent())


def test_dot_plots_draw_every_update_and_order():
    updates = {f"update {i}": {"forward": [1.0, 2.0], "backward": [2.0, 1.0]} for i in range(9)}
    figure, _ = drawn(ro.plots.ratios_figure, updates, title="T", quantity="spread")
    assert len(figure.axes[0].collections) == 9
    by_rate = {"lr 0.1": {"backward": [1.0, 2.0]}, "lr 0.5": {name: [1.0, 2.0] for name in NINE}}
    figure, said = drawn(ro.plots.spread_figure, by_rate, title="T", quantity="spread (nats)")
    names = ["backward", *(name for name in NINE if name != "backward")]
    assert said == [names]
    found = {dots.get_label().strip(): len(dots.get_offsets()) for dots in figure.axes[0].collections}
    assert found == {name: 4 if name == "backward" else 2 for name in names}
    assert all_different(marks(figure.axes[0]))
    heights = {round(float(y), 6) for dots in figure.axes[0].collections for y in dots.get_offsets()[:, 1]}
    assert len(heights) == 10 and {round(h) for h in heights} == {0, 1}  # apart, and in the row of their setting


def test_coupling_figure_draws_every_start_or_refuses():
    runs = {n: np.sort(RNG.random((n + 1, 2))) for n in range(1, 13)}
    figure, said = drawn(ro.plots.coupling_figure, runs, shown=range(1, 9))
    assert sorted(said[0]) == sorted(map(str, range(1, 9)))
    assert len(figure.axes[0].lines) == 16 and all_different([mark(line) for line in figure.axes[0].lines[::2]])
    with pytest.raises(ValueError, match="shown: got 13"):
        ro.plots.coupling_figure(runs, shown=(3, 13))


def test_perfect_and_averaging_figures_draw_all():
    figure, said = drawn(ro.plots.perfect_figure, {n: RNG.random(30) for n in range(1, 10)}, 0.5)
    assert said[0] == ["exact law", *(f"depth {n}" for n in range(1, 10))]
    for ax in figure.axes:
        assert len(ax.lines) >= 10 and confusable(ax) == []
    curves = {name: (np.array([1, 10, 100]), RNG.random(3), RNG.random(3)) for name in NINE}
    figure, said = drawn(ro.plots.averaging_figure, curves, title="T")
    assert said == [NINE] and confusable(figure.axes[0]) == []
    assert all_different([mark(line) for line in figure.axes[0].lines[::3]])  # the closed forms


def test_slope_figure_draws_every_size_and_refuses_guides_for_none():
    sizes = {name: X**2 for name in NINE}
    figure, said = drawn(ro.plots.slope_figure, X, sizes, title="T")
    assert said == [["slopes 2 and 3", *NINE]] and all_different([mark(line) for line in figure.axes[0].lines[2:]])
    assert drawn(ro.plots.slope_figure, X, {"one": X}, title="T")[1] == [["slope 2", "one"]]
    with pytest.raises(ValueError, match="guides: got 3 slopes, but there are 2 sizes"):
        ro.plots.slope_figure(X, {"a": X, "b": X}, guides=(1, 2, 3), title="T")


@pytest.mark.parametrize("palette", [PALETTE, SIZES, DRAWS, STARTS])
def test_palettes_are_for_all_eyes(palette):
    colours = [to_rgb(style["color"]) for style in palette]
    assert min(contrast(colour, WHITE) for colour in colours) >= 3
    for one, other in itertools.combinations(colours, 2):
        assert min(apart(one, other, eyes) for eyes in ("all", *DEFICIENCIES)) >= 10
    assert len({str(style["linestyle"]) for style in palette}) == len(palette) <= len(MARKERS)
    assert len({style["marker"] for style in palette}) == len(palette)


@pytest.mark.parametrize("palette", [PALETTE, STARTS])
@pytest.mark.parametrize("marked", [True, False])
def test_no_two_of_a_hundred_looks_have_the_same_form(palette, marked):
    found = looks([str(i) for i in range(100)], palette, marked=marked)
    assert len({(str(style["linestyle"]), style["marker"]) for style in found.values()}) == 100
    first = 2 if palette is PALETTE else 0  # the looks of forward and backward are left to them
    assert all(("markevery" in style) == (not marked and number >= len(palette))
               for number, style in enumerate(found.values(), first))  # fmt: skip


def test_forward_and_backward_have_their_own_colours_wherever_they_stand():
    own = [style["color"] for style in PALETTE]
    for names in (["forward", "backward", "two-sided"], ["two-sided", "backward", "forward"], ["backward", "forward"]):
        colours = {name: style["color"] for name, style in looks(names).items()}
        assert colours == {name: own[{"forward": 0, "backward": 1}.get(name, 2)] for name in names}
    assert looks(["backward-window:5"])["backward-window:5"]["color"] == own[2]
    assert [style["color"] for style in looks(["backward (1)", "forward (1)", "backward (2)"]).values()] == [
        own[1], own[0], own[2],
    ]  # fmt: skip


@pytest.mark.parametrize("order, number", [("forward", 0), ("backward", 1), ("two-sided", 2)])
def test_figures_of_one_order_have_its_colour(order, number):
    figure, _ = drawn(ro.plots.paths_figure, [run(order)], "loss")
    assert to_rgb(figure.axes[0].lines[0].get_color()) == to_rgb(PALETTE[number]["color"])


def test_no_two_of_a_hundred_dots_have_the_same_marker():
    assert len({dot(number)["marker"] for number in range(100)}) == 100


def test_legends_keep_names_with_underscores():
    assert entry("_a") == " _a" and entry("a") == "a"
