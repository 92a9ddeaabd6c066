"""Whether a tag says what the files say, before anything is published: python .ci/release.py v1.2.3"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def faults(tag: str, root: Path) -> list[str]:
    """What is to be put right before `tag` may be released; nothing if all agrees."""

    def said(pattern: str, name: str) -> tuple[str, ...]:
        found = re.search(pattern, (root / name).read_text("utf8"), re.MULTILINE)
        return found.groups() if found else ("nothing", "nothing")

    version, *_ = said(r'^__version__ = "(.+)"$', "revorder/__init__.py")
    cited, *_ = said(r"^version: (.+)$", "CITATION.cff")
    released, *_ = said(r"^date-released: (.+)$", "CITATION.cff")
    newest, date, *_ = said(r"^## (\S+) \((.+)\)$", "CHANGELOG.md")
    found = {
        f"the tag is {tag}, the package {version}": tag == f"v{version}",
        f"CITATION.cff is of {cited}, the package {version}": cited == version,
        f"CHANGELOG.md begins with {newest}, the package is {version}": newest == version,
        f"CHANGELOG.md says {date}, CITATION.cff {released}": date == released,
        "README.md says that there is no release yet": "(there is none yet)"
        not in (root / "README.md").read_text("utf8"),
    }
    return [fault for fault, holds in found.items() if not holds]


if __name__ == "__main__":
    wrong = faults(sys.argv[1], ROOT)
    print("\n".join(wrong) or f"{sys.argv[1]} may be released")
    sys.exit(bool(wrong))
