"""Reports: their numbers against numpy, what they say of doubts and gaps, and texts that stay texts."""

from __future__ import annotations

import json
import math
import re
import threading

import numpy as np
import pytest

import revorder as ro
from revorder.experiments import Config, Folder, StoppedError, jobs, run
from revorder.experiments.documents import plain
from revorder.experiments.reports import report
from revorder.experiments.summaries import read, summarise, trend_warning, verdict

SMALL = Config("small", "smoke", steps=40, stride=2, seeds=3, width=4, train_examples=200, test_examples=50)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run(SMALL, tmp_path_factory.mktemp("results") / "whole")


def texts(path):
    return path.read_text(), path.with_suffix(".md").read_text()


def made(losses, accuracy=0.5, order="forward"):
    """A folder's run with given losses at the steps 1, 2, …"""
    losses = np.array(losses, dtype=float)
    metrics = {"test loss": losses, "test accuracy": np.full(len(losses), accuracy)}
    return ro.Trajectory(order, list(range(1, len(losses) + 1)), {}, metrics, cost=len(losses))


def test_the_numbers_are_numpys(whole):
    results = read(whole)
    assert results.tail == [32, 34, 36, 38, 40]
    for name, runs in results.runs.items():
        found = summarise(runs, 5)
        losses = np.array([run.metrics["test loss"] for run in runs.values()])
        assert found.seeds == (0, 1, 2)
        assert found.loss == pytest.approx(losses[:, -1].mean())
        assert found.loss_error == pytest.approx(losses[:, -1].std(ddof=1) / 3**0.5)
        assert found.over_seeds == pytest.approx(losses[:, -1].std(ddof=1))
        assert list(found.along_path.values()) == pytest.approx(losses[:, -5:].std(1))
        assert found.best == pytest.approx(losses.min(1).mean())
        assert found.evaluations == 3 * {"forward": 40, "backward": 420}[name]


def test_the_report_tells_both_spreads_apart_and_gives_the_cost(whole, tmp_path):
    found = {name: summarise(runs, 5) for name, runs in read(whole).runs.items()}
    page, text = texts(report([whole.path], tmp_path))
    for said in (page, text):
        assert "spread ALONG THE PATH" in said and "spread OVER SEEDS" in said
        for name, cost in (("forward", "120"), ("backward", "1,260")):
            assert f"{found[name].loss:.4f} ± {found[name].loss_error:.4f}" in said
            assert f"{found[name].over_seeds:.3g}" in said
            assert f"{np.mean(list(found[name].along_path.values())):.3g}" in said
            assert re.search(rf"{name}\W.*3\W.*{cost}", said, re.S)
        assert "UNFINISHED" not in said and "DIVERGED" not in said
        assert "from step 32 on" in said
        assert "train" in said and "200" in said and "processor" in said
    assert re.findall(r"!\[(?:.*)\]\((.*)\)", text) == ["metrics.png", "paths.png", "spreads.png"]
    assert all(
        (tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in ("metrics.png", "paths.png", "spreads.png")
    )


def test_the_page_needs_no_other_file(whole, tmp_path):
    page, _ = texts(report([whole.path], tmp_path))
    assert re.findall(r'(?:src|href)="(.{5})', page) == ["data:"] * 3
    assert len(re.findall(r'<img alt="[^"]{40,}"', page)) == 3


def test_several_folders_are_one_report(whole, tmp_path):
    page, text = texts(report([whole.path, whole.path], tmp_path))
    assert page.count("<h2>small (smoke)</h2>") == 2
    assert {found.name for found in tmp_path.glob("*.png")} == {
        f"{name}-{number}.png" for name in ("metrics", "paths", "spreads") for number in (1, 2)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("backward", "said"),
    [
        ([0.01, 0.01, 0.01], "below forward's at 3 of 3 seeds (at every seed)"),
        ([0.01, 0.5, 0.01], "below forward's at 2 of 3 seeds (at some seeds only)"),
        ([0.5, 0.5, 0.5], "below forward's at 0 of 3 seeds (at no seed)"),
    ],
)
def test_the_verdict_is_honest(backward, said):
    zigzag = np.tile([1.0, -1.0], 10)
    summaries = {
        name: summarise({seed: made(1 + size * zigzag) for seed, size in enumerate(sizes)}, 10)
        for name, sizes in {"forward": [0.1, 0.1, 0.1], "backward": backward}.items()
    }
    assert said in verdict(summaries)
    assert "so few seeds show a direction and prove nothing" in verdict(summaries)
    assert f"{np.mean(backward):.2g} against 0.1 nats" in verdict(summaries)
    assert trend_warning(summaries) == ""


def test_a_trend_is_not_taken_for_jitter():
    summaries = {"forward": summarise({0: made(np.linspace(2, 1, 20))}, 10)}
    assert "Most of the spread of forward is a trend" in trend_warning(summaries)
    assert "cannot be compared" in verdict(summaries)


def test_one_seed_has_no_error_and_few_checkpoints_no_spread():
    found = summarise({0: made([3.0, 2.0, 1.0])}, 1)
    assert math.isnan(found.loss_error) and math.isnan(found.over_seeds) and math.isnan(found.along_path[0])
    assert "cannot be compared" in verdict({"forward": found, "backward": found})


def test_few_checkpoints_and_other_orders_can_be_reported(tmp_path):
    config = SMALL.replace(seeds=1, stride=40, orders=("two-sided",))
    page, text = texts(report([run(config, tmp_path / "r").path], tmp_path / "report"))
    assert (
        "cannot be compared" in page and "| two-sided | 1 |" in text and "nan" not in text
    )  # a picture in the page may spell anything
    assert not (tmp_path / "report" / "spreads.png").exists()


def test_seven_orders_fit_into_the_figures(tmp_path):
    orders = (
        "forward",
        "backward",
        "backward-window:4",
        "backward-blocks:4",
        "backward-tail:4",
        "two-sided",
        "shuffled",
    )
    config = SMALL.replace(seeds=2, orders=orders)
    page, text = texts(report([run(config, tmp_path / "r").path], tmp_path / "report"))
    assert all(f"\n| {name} | 2 |" in text for name in config.orders)


def test_diverged_runs_are_named_and_in_no_number(tmp_path):
    folder = run(SMALL.replace(lr=1e30, seeds=1), tmp_path / "r")
    page, text = texts(report([folder.path], tmp_path / "report"))
    for said in (page, text):
        assert "DIVERGED, and in no number or figure below: forward-seed0 (the state at step" in said
        assert "backward-seed0" in said and "ALONG THE PATH" not in said and "lr" in said


def test_some_diverged_runs_leave_the_others(whole, tmp_path):
    path = tmp_path / "r"
    folder = run(SMALL, path)
    short = folder.finished()["backward", 1]
    cut = ro.Trajectory(short.order, short.steps[:3], {}, {name: v[:3] for name, v in short.metrics.items()}, 6, "")
    cut.save(path / "jobs" / "backward-seed1.safetensors")
    _, text = texts(report([path], tmp_path / "report"))
    assert "backward-seed1 (its result ends before the last checkpoint)" in text
    assert "| backward | 2 |" in text and "| forward | 3 |" in text and " of 2 seeds" in text


def test_unfinished_jobs_are_named(tmp_path):
    stop = threading.Event()

    def watcher(progress):
        if str(progress.job) == "backward-seed1":
            stop.set()

    with pytest.raises(StoppedError):
        run(SMALL, tmp_path / "r", stop=stop, watcher=watcher)
    missing = [str(job) for job in jobs(SMALL) if not Folder(tmp_path / "r").result(job).exists()]
    page, text = texts(report([tmp_path / "r"], tmp_path / "report"))
    assert "backward-seed1" in missing
    for said in (page, text):
        assert f"UNFINISHED ({6 - len(missing)} of 6 jobs are done): {', '.join(missing)}." in said


def test_nothing_done_yet_can_be_reported(tmp_path):
    Folder(tmp_path / "r").begin(SMALL)
    page, _ = texts(report([tmp_path / "r"], tmp_path / "report"))
    assert "UNFINISHED (0 of 6 jobs are done)" in page and "What it cost" not in page


HOSTILE = '<script>alert(1)</script> [x](javascript:alert(1)) ![y](http://a/b) | `z` &lt; "q"\n# head'


def test_texts_of_a_folder_are_shown_and_not_interpreted(tmp_path):
    folder = run(SMALL.replace(seeds=1), tmp_path / "r")
    name = re.sub(r"[/:\n]", "", HOSTILE)  # with these it is refused
    fields = json.loads((folder.path / "config.json").read_text()) | {"name": name, "profile": name}
    (folder.path / "config.json").write_text(json.dumps(fields))
    card = folder.card()
    for line in card["jobs"].values():
        line |= {"processor": HOSTILE, "torch": ["<b>"], "seconds": "<i>", "evaluations": float("nan")}
    (folder.path / "card.json").write_text(json.dumps(card))
    page, text = texts(report([folder.path], tmp_path / "report"))
    for said in (page, text):
        assert not re.search(r"<(script|b|i)>", said)
        assert "&lt;script&gt;" in said
    assert not re.search(r"(?<!\\)\]\((?!metrics|paths|spreads)", text) and "\n# head" not in text
    rows = [line for line in text.splitlines() if line.startswith("| name")]
    assert len(re.findall(r"(?<!\\)\|", rows[0])) == 3  # a cell is a cell


def test_plain_markdown():
    assert plain("a_b *c* |\n<d> \\") == r"a\_b \*c\* \| &lt;d&gt; \\"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("card.json", "card.json is damaged"),
        ("config.json", "not a revorder configuration"),
        ("jobs/forward-seed0.safetensors", "forward-seed0"),
    ],
)
def test_damaged_folders_are_refused_before_anything_is_written(tmp_path, damage, message):
    folder = run(SMALL.replace(seeds=1), tmp_path / "r")
    (folder.path / damage).write_text("{")
    with pytest.raises(ValueError, match=message):
        report([folder.path], tmp_path / "report")
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("card", ["[1]", '{"jobs": 3}', '{"jobs": {"a": 1}}', "{}"])
def test_damaged_cards_are_refused(tmp_path, card):
    Folder(tmp_path).begin(SMALL)
    (tmp_path / "card.json").write_text(card)
    with pytest.raises(ValueError, match="card.json is damaged"):
        Folder(tmp_path).card()
    with pytest.raises(ValueError, match="card.json is damaged"):
        run(SMALL, tmp_path, resume=True)
    assert not list((tmp_path / "jobs").iterdir())


def test_reports_need_folders(tmp_path):
    for given in ([], "results"):
        with pytest.raises(ValueError, match="folders: got"):
            report(given, tmp_path)
    with pytest.raises(ValueError, match="not a result folder"):
        report([tmp_path], tmp_path / "report")


def test_a_folder_left_by_a_kill_in_the_first_moments_can_be_used(tmp_path):
    (tmp_path / "lock").touch()
    (tmp_path / "config.json.0123abcd.partial").write_text("{")
    folder = run(SMALL.replace(seeds=1, orders=("forward",)), tmp_path)
    assert folder.finished()
