"""What pyproject.toml cannot say: the course is in the wheel, and the README on PyPI has whole addresses."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from runpy import run_path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
ADDRESS = "https://github.com/revorder/revorder"
TARGET = re.compile(r'(\]\(|src="|srcset=")(?!https?://|#|mailto:)([^)"\s]+)')
PICTURES = (".png", ".gif", ".svg")


def version() -> str:
    """As `revorder.__version__`."""
    (found,) = re.findall(
        r'^__version__ = "(.+)"$', (HERE / "revorder" / "__init__.py").read_text("utf8"), re.MULTILINE
    )
    return found


def with_addresses(text: str, tag: str) -> str:
    """Markdown whose relative links and pictures lead into the repository as it was at `tag`."""
    raw = ADDRESS.replace("github.com", "raw.githubusercontent.com")

    def whole(found: re.Match[str]) -> str:
        before, target = found.groups()
        return f"{before}{f'{raw}/{tag}' if target.endswith(PICTURES) else f'{ADDRESS}/blob/{tag}'}/{target}"

    return TARGET.sub(whole, text)


class WithCourse(build_py):
    """Copies the course beside the package's modules, unless an editable install reads the clone's own."""

    def run(self) -> None:
        """Also what `revorder course` hands out."""
        super().run()
        if not self.editable_mode:
            copying = run_path(str(HERE / "revorder" / "course" / "copying.py"))  # the package itself wants torch
            for name in copying["files"](HERE / "notebooks"):
                copy = Path(self.build_lib, "revorder", "course", copying["SHIPPED"], name)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(HERE / "notebooks" / name, copy)


if __name__ == "__main__":  # what runs it for a build says so, too
    setup(
        cmdclass={"build_py": WithCourse},
        long_description=with_addresses((HERE / "README.md").read_text("utf8"), f"v{version()}"),
        long_description_content_type="text/markdown",
    )
