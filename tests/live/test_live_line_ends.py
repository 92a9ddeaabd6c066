"""A number and its % stay on one line in what live figures say: a no-break space stands between them."""

from __future__ import annotations

import re

import pytest

from revorder.live.modules import FOLDER

TEXTS = re.compile(r"\"[^\"\n]*\"|`[^`]*`")


def torn(code):
    """The texts of a module in which a line may end between a number, or what is put in for one, and its %."""
    code = re.sub(r"/\*.*?\*/|^\s*//.*$", "", code, flags=re.DOTALL | re.MULTILINE)
    return [text for text in TEXTS.findall(code) if re.search(r"[0-9>}] %", text)]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.js")), ids=lambda path: path.stem)
def test_no_percentage_can_break(path):
    assert torn(path.read_text(encoding="utf-8")) == []


def test_what_could_break_is_found():
    assert torn('say("bars: 95 %"); // 95 %') == ['"bars: 95 %"']
    assert torn("text: `misses ${part} % of it`") == ["`misses ${part} % of it`"]
    assert torn('say("95\\u00a0%"); const odd = 5 % line;') == []
