"""What students write is shown to whoever grades, and in feedback, and runs nothing there."""

from __future__ import annotations

import copy
import time

import graded  # noqa: F401 - finds what the instructor has
import nbformat
import pytest
from bs4 import BeautifulSoup
from graded import INSTRUCTOR
from grading.harmless import LONGEST, Harmless, harmless, shown
from grading.links import Absolute
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import PyFileConfigLoader

HOSTILE = [
    "<script>evil(1)</script>", '<img src=x onerror="evil(1)">', "<svg/onload=evil(1)>", "<ScRiPt\n>evil(1)</script>",
    '<iframe src="javascript:evil(1)"></iframe>', "[a](javascript:evil(1))", "[a](JaVa&#83;cript:evil(1))",
    "[a]: javascript\\:evil(1)\n\n[a]", "[a](javascript&colon;evil(1))", "<javascript:evil(1)>",
    "[a](data:text/html;base64,PHNjcmlwdD4=)", "$x<img src=x onerror=evil(1)>$", "$$\\href{javascript:evil(1)}{x}$$",
    "![x](x 'y\" onerror=\"evil(1)')", "```\n<script>evil(1)</script>\n```", "- <b onclick=evil(1)>x</b>",
    "| a |\n|---|\n| <img src=x onerror=evil(1)> |", "<style>*{background:url(//evil)}</style>", "<form action=//evil>",
    "![x](attachment:x.png)", "<!-- --><base href=//evil>", "&lt;script&gt;evil(1)&lt;/script&gt;",
]  # fmt: skip
HONEST = "# Head\n\nIf $a<b$ and a<b, *then*:\n\n- `x<y`\n\n> quoted, [see](https://example.org/a?b=1&c=2)"
RUNS = ("script", "svg", "iframe", "style", "form", "base", "object", "embed", "link", "meta")


def handed_in():
    marks = {"nbgrader": {"grade": True, "solution": True, "grade_id": "s", "points": 2, "score": 0, "comment": ""}}
    cells = [nbformat.v4.new_markdown_cell(text) for text in (*HOSTILE, HONEST)]
    cells += [nbformat.v4.new_markdown_cell(text, metadata=copy.deepcopy(marks)) for text in HOSTILE]
    cells += [nbformat.v4.new_raw_cell(text, metadata={"raw_mimetype": "text/html"}) for text in HOSTILE]
    code = nbformat.v4.new_code_cell("%%html\n<script>evil(1)</script>\n'\ud800'", metadata={"tags": ['"><script>']})
    code.outputs = [nbformat.v4.new_output("display_data", {"text/html": HOSTILE[0], "image/svg+xml": HOSTILE[2]})]
    cells[0].attachments = {"x.png": {'image/png"onerror="evil(1)': "x"}}
    told = {"language_info": {"name": '"><script>evil(1)</script>'}, "title": "</title><script>evil(1)</script>"}
    return nbformat.v4.new_notebook(cells=[*cells, code], metadata=told)


def page(notebook, template, configured):
    config = PyFileConfigLoader(str(INSTRUCTOR / "nbgrader_config.py")).load_config() if configured else None
    places = {"extra_template_basedirs": [handlers.template_path],
              "extra_template_paths": [f"{handlers.static_path}/node_modules/bootstrap/dist/css"]}  # fmt: skip
    exporter = HTMLExporter(config=config, template_name=template, **places)
    said = {"notebook": "n", "score": 0, "max_score": 2, "late_penalty": 0, "student": "ada", "assignment": "a"}
    resources = {"nbgrader": said, "inlining": {"css": []}, "notebook_id": "n", "assignment_id": "a", "index": 0,
                 "total": 1, "base_url": "/", "mathjax_url": "", "student": "ada", "submission_id": "s"}  # fmt: skip
    return BeautifulSoup(exporter.from_notebook_node(notebook, resources)[0], "html.parser")


def made(notebook):
    return Harmless().preprocess(copy.deepcopy(notebook), {})[0]


def faults(found, ours):
    """Elements of a page that could run something, other than those that nbgrader puts into any page."""
    tags = [str(tag) for tag in found.find_all(RUNS) if str(tag) not in ours]
    named = [
        tag for tag in found.find_all(True) for name in tag.attrs if name.startswith("on") and str(tag) not in ours
    ]
    links = [tag["href"] for tag in found.find_all(href=True)]
    return tags, named, [link for link in links if link.lower().strip().startswith(("javascript", "data", "vbscript"))]


@pytest.mark.parametrize("template", ["feedback", "formgrade"])
@pytest.mark.parametrize("configured", [False, True])
def test_pages_of_a_hostile_submission_run_nothing(template, configured):
    """Once as it was graded, where formgrader does not know the course's configuration; once with it."""
    blank = nbformat.v4.new_notebook(cells=[])
    ours = {str(tag) for tag in page(blank, template, configured).find_all(True)}
    found = page(made(handed_in()), template, configured)
    assert faults(found, ours) == ([], [], [])
    assert "evil(1)" in found.text
    assert found.find(href="https://example.org/a?b=1&c=2")


def test_the_filter_alone_makes_texts_harmless():
    for text in (*HOSTILE, HONEST):
        assert faults(BeautifulSoup(shown(text), "html.parser"), set()) == ([], [], []), text
    assert faults(BeautifulSoup(shown(HONEST), "html.parser"), set()) == ([], [], [])


def test_honest_texts_keep_what_they_say():
    assert harmless(HONEST) == HONEST.replace("<y", "< y").replace("<b", "< b")
    found = BeautifulSoup(shown(harmless(HONEST)), "html.parser")
    assert [tag.name for tag in found.find_all(["h1", "em", "ul", "code", "blockquote"])] == [
        "h1", "em", "ul", "code", "blockquote"]  # fmt: skip


def test_only_texts_are_kept_of_a_file():
    kept = made(handed_in())
    assert {name for cell in kept.cells for name in cell.metadata} == {"nbgrader"}
    assert not any(cell.get("outputs") or "attachments" in cell for cell in kept.cells)
    assert "evil" not in str(kept.metadata) and nbformat.writes(kept).encode()
    nbformat.validate(kept)


@pytest.mark.parametrize(
    "part", ["](", "[", "![", "*a ", "**a", "`", "$", "> ", "[a](", "\\(", "&", "- ", "](a:", "](aa"]
)
def test_no_text_holds_the_grader_up(part):
    text, started = part * (1_000_000 // len(part)), time.process_time()
    cell = nbformat.v4.new_markdown_cell(text)
    Absolute().preprocess_cell(cell, {}, 0)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
    kept = made(notebook).cells[0].source
    assert len(kept) < 2 * LONGEST and "(cut:" in kept
    assert time.process_time() - started < 5


def test_links_to_neighbours_still_become_links_to_the_web():
    cell = nbformat.v4.new_markdown_cell("[a](08_x.ipynb), ![b](figure.png), [c](https://x.org), [d](#e), [f](/g)")
    told = Absolute(course="https://c/").preprocess_cell(cell, {}, 0)[0].source
    assert told == "[a](https://c/08_x.ipynb), ![b](https://c/figure.png), [c](https://x.org), [d](#e), [f](/g)"
