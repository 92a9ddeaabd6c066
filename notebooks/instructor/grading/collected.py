"""Whose submission a file of Canvas or Moodle is: one file for each student, so that nobody stops the others' way."""

from __future__ import annotations

import re
from pathlib import Path

from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from nbgrader.utils import unzip


class AsDownloaded(ExtractorPlugin):
    """The zip file that Canvas or Moodle has made, and none that a student has put into it."""

    def extract(self, archive_path: str, extracted_path: str) -> None:
        archives = sorted(Path(archive_path).glob("*.zip"))
        if not archives:
            self.log.warning("%s has no zip file", archive_path)
        for archive in archives:
            unzip(str(archive), extracted_path, create_own_folder=True)


class OneEach(FileNameCollectorPlugin):
    """Of several files of a student the latest upload counts; nbgrader itself would end there, for all students."""

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """What nbgrader asks of each file: student_id and file_id, or None to leave it out."""
        mine = super().collect(submitted_file)
        if not mine:
            return None
        names = {name: mine[name] for name in ("student_id", "file_id")}
        latest = max((path for path in self._all(submitted_file) if self._named(path)[0] == names), key=self._order)
        if latest != submitted_file:
            self.log.warning("%s is left out: %s is of the same student, and later", submitted_file, latest)
        return names if latest == submitted_file else None

    def _all(self, file: str) -> list[str]:
        """What was extracted, and is a submission."""
        if not hasattr(self, "_found"):
            top = next(folder for folder in Path(file).parents if folder.name == "extracted")
            self._found = [str(path) for path in sorted(top.rglob("*.ipynb")) if re.match(self.named_regexp, str(path))]
        return self._found

    def _named(self, path: str) -> tuple[dict[str, str], tuple[int, int]]:
        found = re.match(self.named_regexp, path)
        assert found, path
        numbers = int(found["upload"] or 0), int(found["again"] or 0)
        return {name: found[name] for name in ("student_id", "file_id")}, numbers

    def _order(self, path: str) -> tuple[tuple[int, int], str]:
        """Canvas numbers all uploads, and it, or a browser, appends -1, -2, …"""
        return self._named(path)[1], path
