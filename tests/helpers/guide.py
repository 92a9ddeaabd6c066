"""The commands of the guide for instructors, as they stand there."""

from __future__ import annotations

import re

from conftest import ROOT

GUIDE = ROOT / "notebooks" / "instructor" / "README.md"


def commands(heading: str) -> str:
    """The shell commands of a section."""
    section = re.search(rf"^### {heading}\n(.*?)(?=^##|\Z)", GUIDE.read_text("utf8"), flags=re.DOTALL | re.MULTILINE)
    assert section, heading
    return "\n".join(re.findall(r"```bash\n(.*?)```", section.group(1), flags=re.DOTALL))
