"""The judgement of mutants notices what it is there to notice; what is recorded is of the code as it is."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml
from mutants.judging import Explanation, Mutant, explanations, judged, record

ALL = [
    Mutant(module, "killed")
    for module in ("orders", "planning.trie", "engines.auto", "theory.bounds")
    for _ in range(10)
]
KNOWN = Explanation("engines.auto", "strict=True", "checked before", r"zip\(a\)")


def lives(module, old, new="0"):
    return Mutant(module, "survived", (old, new))


def test_all_killed_is_well():
    assert judged(ALL, []) == []


@pytest.mark.parametrize("status", ["survived", "no tests", "not run"])
def test_what_lives_needs_an_explanation(status):
    alive = Mutant("engines.auto", status, ("zip(a, strict=True)", "zip(a)"))
    assert judged([*ALL, alive], [KNOWN]) == []
    assert judged([*ALL, alive], []) == [f"engines.auto: {status}, not explained\n  - {alive.lines[0]}\n  + zip(a)"]
    assert len(judged([*ALL, alive], [Explanation("engines.affine", ".", "of another module")])) == 1
    assert len(judged([*ALL, lives("engines.auto", "x = 1", "zip(a)")], [KNOWN])) == 1
    assert len(judged([*ALL, lives("engines.auto", alive.lines[0], "zip(b)")], [KNOWN])) == 1


@pytest.mark.parametrize(
    "part, module", [("orders", "orders"), ("plan", "planning.schedule"), ("theory", "theory.cycles")]
)
def test_a_part_with_less_than_nine_in_ten_killed_is_a_mistake(part, module):
    explained = [Explanation(".*", ".", "always")]
    tenth = [lives(module, "x")]
    assert judged(ALL + tenth, explained) == []  # 10 of 11
    assert judged(ALL + 2 * tenth, explained) == [f"{part}: 10 of 12 mutants killed, fewer than 90%"]


def test_a_part_without_mutants_is_a_mistake():
    assert judged(ALL[10:], []) == ["orders: 0 of 0 mutants killed, fewer than 90%"]


def test_the_record_counts():
    some = [Mutant("orders", "timeout"), Mutant("orders", "type check"), lives("orders", "x")]
    table = record([*ALL, *some], "versions").splitlines()
    assert table[2].startswith("Made and run with versions.")
    assert table[6] == "| orders | 13 | 10 | 1 | 1 | 1 | 92.3% |"
    assert table[7] == "| plan | 10 | 10 | 0 | 0 | 0 | 100.0% |"


def test_explanations_are_of_lines_that_exist(root):
    """A record of code that has changed is to be made anew."""
    sources = {
        ".".join(path.relative_to(root / "revorder").with_suffix("").parts).removesuffix(".__init__"): path.read_text()
        for path in (root / "revorder").rglob("*.py")
    }
    for each in explanations():
        assert len(each.why) > 20
        lines = [
            line for name, text in sources.items() if re.fullmatch(each.module, name) for line in text.splitlines()
        ]
        assert any(re.search(each.line, line) for line in lines), f"{each.module}: no line has {each.line!r}"


def test_the_recorded_figures_keep_the_promise(root):
    kept = (root / "tests" / "mutants" / "record.md").read_text()
    rows = re.findall(r"^\| (\w+) \| (\d+) .*\| (\d+) \| ([\d.]+)% \|$", kept, re.MULTILINE)
    assert [part for part, *_ in rows] == ["orders", "plan", "engines", "theory"]
    for _, total, survived, share in rows:
        assert float(share) >= 90 and round(100 * (1 - int(survived) / int(total)), 1) == float(share)


def test_a_nightly_job_measures_mutants_and_coverage(root):
    nightly = yaml.safe_load((root / ".github" / "workflows" / "nightly.yml").read_text())
    runs = {job: " ".join(step.get("run", "") for step in made["steps"]) for job, made in nightly["jobs"].items()}
    assert "mutmut run" in runs["mutants"] and "python tests/mutants" in runs["mutants"]
    assert "pytest --cov=revorder" in runs["coverage"]
    tools = tomllib.loads((root / "pyproject.toml").read_text())["tool"]
    assert tools["coverage"]["report"]["fail_under"] >= 95
