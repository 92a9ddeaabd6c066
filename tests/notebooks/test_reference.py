"""The reference on the site: every public name with its docstring, found by search, linked from the course."""

from __future__ import annotations

import inspect
import re
import sys
from functools import cached_property
from types import FunctionType, ModuleType

import pytest
from bs4 import BeautifulSoup
from conftest import NOTEBOOKS, ROOT
from live_pages import browser
from scripts import loaded
from webpages import pages, parsed

import revorder as ro

SITE = ROOT / "notebooks" / "site"
HEADINGS = {"Args", "Raises", "Returns", "Attributes"}  # of docstrings; pages have words of their own


def names(home="revorder", module=ro):
    """(full name, thing) of all public names, modules excepted, as the tab key offers them."""
    for name in module.__all__:
        thing = getattr(module, name)
        if isinstance(thing, ModuleType):
            yield from names(f"{home}.{name}", thing)
        else:
            yield f"{home}.{name}", thing


NAMES = dict(names())


def words(text):
    return set(re.findall(r"\w+", re.sub(r"\b\w+\.py\b", "", text)))


def entries(site):
    """Full name -> all words of its entry, on whatever page of the reference."""
    heads = [head for page in pages(site / "reference") for head in parsed(page).select("dt.sig[id]")]
    return {head["id"]: words(head.parent.text) for head in heads}


def gaps(entries):
    """Public names without an entry, or whose entry has not all words of the docstring."""
    same = {}
    for full, thing in NAMES.items():
        same.setdefault(id(thing), []).append(full)
    found = []
    for full, thing in NAMES.items():
        said = inspect.getdoc(thing) if callable(thing) else ""
        have = [entries[each] for each in same[id(thing)] if each in entries]
        if not have or not words(said) - HEADINGS <= have[0]:
            found.append(full)
    return found


@pytest.fixture(scope="module")
def reference():
    """notebooks/site/reference.py, and beside it the module that reads the names."""
    sys.path.insert(0, str(SITE))
    yield loaded(SITE / "reference.py")
    sys.path.remove(str(SITE))


# All names, once


def test_every_public_name_has_its_entry_with_its_docstring(site):
    assert len(NAMES) > 200
    assert gaps(entries(site)) == []


def test_so_have_methods_and_properties(site, reference):
    heads, wanted = entries(site), {}
    for full in heads.keys() & NAMES.keys():
        for name, value in vars(NAMES[full]).items() if inspect.isclass(NAMES[full]) else ():
            if isinstance(value, property | cached_property | classmethod | FunctionType) and not name.startswith("_"):
                said = inspect.cleandoc(value.__doc__ or reference.SHARED[name])
                wanted[f"{full}.{name}"] = words(said) - HEADINGS
    assert len(wanted) > 50 and {"revorder.Backward.word", "revorder.Affine.states"} <= wanted.keys()
    assert [full for full, said in wanted.items() if not said <= heads.get(full, set())] == []


def test_constants_say_what_they_are(reference):
    constants = {full: thing for full, thing in NAMES.items() if not callable(thing)}
    assert len(constants) > 5
    assert [full for full, thing in constants.items() if len(reference.docstring(full, thing)) < 10] == []


def test_a_name_that_is_missing_is_noticed(site):
    found = entries(site)
    assert gaps({full: said for full, said in found.items() if full != "revorder.BackwardWindow"}) == [
        "revorder.BackwardWindow"
    ]
    assert gaps(found | {"revorder.run": {"run"}, "revorder.theory.error_bound": {"bound"}}) == [
        "revorder.run", "revorder.theory.error_bound"
    ]  # fmt: skip


def test_the_site_and_the_package_agree_what_is_public(reference):
    assert set(reference.everything()) == set(NAMES)


def test_a_new_name_appears_by_itself(reference, monkeypatch, tmp_path):
    stub = (ROOT / "revorder" / "theory" / "__init__.pyi").read_text()
    (tmp_path / "theory").mkdir()
    (tmp_path / "theory" / "__init__.pyi").write_text(f"{stub}from .checks import positive as positive\n")
    monkeypatch.setattr(sys.modules["public"], "PACKAGE", tmp_path)
    monkeypatch.setattr(ro.theory, "positive", abs, raising=False)
    assert [each.name for each in reference.asked("theory")] == [*re.findall(r"as (\w+)\n", stub), "positive"]


def test_a_page_that_asks_for_nothing_is_refused(reference):
    with pytest.raises(LookupError, match="theories: neither a public module nor a room"):
        reference.asked("theories")


# The way there


@pytest.mark.parametrize("notebook", [path.stem for path in NOTEBOOKS])
def test_names_in_code_lead_to_the_reference(site, notebook):
    page = parsed(site / f"{notebook}.html")
    typed = page.find_all("span", class_="n", string="ro")
    typed = [each for each in typed if each.find_next_sibling() is not None and each.find_next_sibling().text == "."]
    assert [each.parent.text[:80] for each in typed if "to-reference" not in each.parent.get("class", [])] == []
    assert all(link["href"].startswith("reference/") for link in page.select("a.to-reference"))


def test_names_in_prose_lead_to_the_reference(site):
    said = [code for notebook in NOTEBOOKS for code in parsed(site / f"{notebook.stem}.html").select("article p code")]
    said = [code for code in said if re.match(r"ro\.\w", code.text)]
    assert len(said) > 10
    assert [code.text for code in said if not code.find_parent("a")] == []
    window = next(code for code in said if code.text.startswith("ro.BackwardWindow"))
    assert window.find_parent("a")["href"] == "reference/orders.html#revorder.BackwardWindow"


def test_no_word_leads_to_something_else(site):
    """Code that is a link has the name of what it leads to."""
    found = []
    for page in pages(site):
        links = parsed(page).select('article a[href*="#revorder"], article a[href*="#module-revorder"]')
        names = [(link.text, re.split(r"[.-]", link["href"])[-1]) for link in links if link.code]
        found += [text for text, name in names if name not in text]
    assert found == []
    assert sum(len(parsed(page).select("article a > code")) for page in pages(site / "reference")) > 500


def test_every_link_has_a_name(site):
    """A link in a link would have lost its text."""
    for page in pages(site):
        links = parsed(page).select("article a[href]")
        assert [link["href"] for link in links if not link.text.strip() and not link.img] == [], page.name


def test_docstrings_are_linked_and_signs_mean_nothing(reference):
    assert reference.markup("as for `sgd`, see `run`") == (
        "as for :py:obj:`sgd <revorder.sgd>`, see :py:obj:`run <revorder.run>`"
    )
    assert reference.markup("`lr` as in `sgd`", parameters=("sgd",)) == "``lr`` as in ``sgd``"
    assert reference.markup('|x_ - y|, *word*, 2*x, "auto"') == r"\|x\_ - y\|, *word*, 2\*x, " + '``"auto"``'


def test_no_markup_is_left_over(site):
    """What reStructuredText did not understand would stand there as it was written; or as a type, before a colon."""
    for page in pages(site / "reference"):
        article = BeautifulSoup(str(parsed(page).article), "html.parser")
        fields = {field.text.rstrip(":") for field in article.select("dl.field-list > dt")}
        assert fields <= {"Parameters", "Returns", "Raises", "Warns", "Attributes"}, page.name
        for code in article.select("pre, code, .sig"):
            code.decompose()
        assert re.findall(r"\S*(?:``|:py:|`_|\\\|)\S*", article.text) == [], page.name


SEARCHED = {
    "BackwardWindow": "reference/orders.html#revorder.BackwardWindow",
    "error_bound": "reference/theory.html#revorder.theory.error_bound",
    "ExperimentPanel": "reference/widgets.html#revorder.widgets.ExperimentPanel",
    "module_loss": "reference/updates.html#revorder.module_loss",
}


def test_search_finds_names(address, chromium):
    with browser(chromium) as running:
        page = running.new_page()
        for name, entry in SEARCHED.items():
            page.goto(f"{address}search.html?q={name}")
            page.locator(".search-summary", has_text="found").wait_for()
            found = page.locator("#search-results ul.search li > a").first.get_attribute("href")
            assert found.split("?")[0].split("#")[0] + "#" + found.partition("#")[2] == entry, found
        page.goto(f"{address}search.html?q=ForwardWindows")
        page.locator(".search-summary", has_text="did not match").wait_for()
