"""A real JupyterLab with its own configuration, a page of it in headless Chromium, and the memory of its kernels."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from webpages import QUIET

TOKEN = "revorder-test"
NO_NEWS = '{"fetchNews": "false", "checkForUpdates": false}'
READY = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    for (let i = 0; i < 300 && !app.shell.currentWidget?.sessionContext; i++) {
        await new Promise(done => setTimeout(done, 200));
    }
    const session = app.shell.currentWidget.sessionContext;  // an error if no notebook opened within a minute
    const late = new Promise((_, no) => setTimeout(() => no(new Error('no kernel within two minutes')), 120000));
    await Promise.race([session.ready, late]);
    await Promise.race([session.session.kernel.info, late]);
}"""


RUN = "async () => await window.jupyterapp.commands.execute('notebook:run-all-cells')"
SHUT = "async () => await window.jupyterapp.shell.currentWidget.sessionContext.shutdown()"
OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.model.toJSON().cells.flatMap((cell, index) =>
    (cell.outputs ?? []).map(output => ({index, type: output.output_type, stream: output.name ?? '',
        text: `${output.ename ?? ''} ${output.evalue ?? ''} ${output.text ?? ''}`,
        view: 'application/vnd.jupyter.widget-view+json' in (output.data ?? {})})))"""
WIDGET = ":is(.jupyter-widgets, .lm-Widget:has(> .live-on))"
GO_TO = "index => window.jupyterapp.shell.currentWidget.content.scrollToItem(index, 'center')"
ASK = """async expressions => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const content = {code: '', store_history: false, user_expressions: expressions};
    const reply = await kernel.requestExecute(content).done;
    return reply.content.user_expressions;
}"""


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address, its process, and the folder that it was started in."""

    address: str
    process: psutil.Process
    root: Path


@contextmanager
def readme_lab(tmp_path_factory) -> Iterator[Lab]:
    """The README's own `jupyter lab` command, on a copy of the notebooks."""
    from conftest import ROOT

    command = re.search(r"&& (jupyter lab .*)", (ROOT / "README.md").read_text()).group(1)
    folder = tmp_path_factory.mktemp("clone")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    with served(command, folder, tmp_path_factory.mktemp("jupyter")) as lab:
        yield lab


def _free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


@contextmanager
def served(command: str, root: Path, scratch: Path) -> Iterator[Lab]:
    """Run a `jupyter lab …` command line with a token and folders of its own."""
    port = _free_port()
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR",
               "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")  # fmt: skip
    settings = scratch / "JUPYTERLAB_SETTINGS_DIR" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(NO_NEWS)
    flags = ["--no-browser", "--expose-app-in-browser", "--ServerApp.port_retries=0", f"--port={port}",
             f"--IdentityProvider.token={TOKEN}", "--LabApp.extension_manager=readonly"]  # fmt: skip
    environment = os.environ | {name: str(scratch / name) for name in folders}
    log = (scratch / "log").open("w")
    server = subprocess.Popen([*shlex.split(command), *flags], cwd=root, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, server, scratch / "log")
        yield Lab(address, psutil.Process(server.pid), root)
        urllib.request.urlopen(
            urllib.request.Request(f"{address}/api/shutdown?token={TOKEN}", method="POST"), timeout=20
        )
        server.wait(30)
    finally:
        server.kill()
        log.close()


def _wait(address: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(240):
        if server.poll() is not None:
            raise RuntimeError(f"JupyterLab stopped: {log.read_text()}")
        try:
            urllib.request.urlopen(f"{address}/api", timeout=2)
            return
        except urllib.error.URLError:
            time.sleep(0.5)
    raise RuntimeError(f"JupyterLab did not answer: {log.read_text()}")


@contextmanager
def opened(
    lab: Lab, notebook: str, chromium: str, *, size: tuple[int, int] = (1200, 1000), mode: str = "doc"
) -> Iterator[Any]:
    """A page with a notebook open and its kernel ready; at the end the kernel is shut down.

    Args:
        size: width and height of the window, in pixels.
        mode: "doc" for the notebook alone, "lab" with the side bar.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page(viewport={"width": size[0], "height": size[1]})
        page.set_default_timeout(120_000)
        page.goto(f"{lab.address}/{mode}/tree/{notebook}?token={TOKEN}&reset")
        page.wait_for_function("window.jupyterapp !== undefined")
        page.evaluate(READY)
        try:
            yield page
        finally:
            with suppress(Exception):  # a page that broke must not hide why
                page.evaluate(SHUT)
            browser.close()


def mistakes(page: Any) -> list[str]:
    """What went wrong in the cells: errors, and what was written to stderr."""
    wrong = [each for each in page.evaluate(OUTPUTS) if each["type"] == "error" or each["stream"] == "stderr"]
    return [f"cell {each['index']}: {each['text'][:300]}" for each in wrong]


def boxes(page: Any) -> list[Any]:
    """The boxes of all displayed widgets, as locators. Older JupyterLabs draw only cells in view: `go_to` one first."""
    found, before = [], []
    for index in (each["index"] for each in page.evaluate(OUTPUTS) if each["view"]):
        cell = page.locator(f".jp-Notebook-cell[data-windowed-list-index='{index}']")
        found.append(cell.locator(f".jp-OutputArea-output > {WIDGET}").nth(before.count(index)))
        before.append(index)
    return found


def go_to(page: Any, box: Any, number: int = 0) -> None:
    """Scroll to the box of the widget with this number."""
    index = [each["index"] for each in page.evaluate(OUTPUTS) if each["view"]][number]
    page.evaluate(GO_TO, index)
    box.wait_for()
    box.scroll_into_view_if_needed()


def ask(page: Any, expression: str) -> Any:
    """The value of a Python expression in the kernel; a literal."""
    import ast

    answer = page.evaluate(ASK, {"it": expression})["it"]
    assert answer["status"] == "ok", answer
    return ast.literal_eval(answer["data"]["text/plain"])


class Memory(threading.Thread):
    """Watches the kernels of a JupyterLab while a notebook runs.

    Attributes:
        kernel: the most that a kernel process ever had in memory, in MB (of 10^6 bytes); exact.
        tree: the most that kernels had together with what processes under them had for themselves alone, from ten
            looks a second.
    """

    def __init__(self, lab: Lab):
        super().__init__(daemon=True)
        self.lab, self.kernel, self.tree, self.ended = lab, 0.0, 0.0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.1):
            self.look()

    def look(self) -> None:
        with suppress(psutil.Error, OSError):
            kernels = [each for each in self.lab.process.children() if "ipykernel" in " ".join(each.cmdline())]
            children = [each for kernel in kernels for each in kernel.children(recursive=True)]
            self.kernel = max([self.kernel, *map(_peak, kernels)])
            own = sum(each.memory_info().rss / 1e6 for each in kernels) + sum(map(_private, children))
            self.tree = max(self.tree, own)

    def __enter__(self) -> Memory:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.ended.set()
        self.join()


def _peak(process: psutil.Process) -> float:
    """The high-water mark of a process in MB, 0 if it has just ended; where there is no /proc, what it has now."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        return process.memory_info().rss / 1e6
    found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
    return int(found.group(1)) * 1024 / 1e6 if found else 0.0


def _private(process: psutil.Process) -> float:
    """The memory of a process in MB without what it shares, such as torch's libraries, which the kernel has too."""
    rollup = Path(f"/proc/{process.pid}/smaps_rollup")
    if not rollup.exists():
        return process.memory_info().rss / 1e6
    pages = re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+) kB", rollup.read_text(), flags=re.MULTILINE)
    return sum(map(int, pages)) * 1024 / 1e6
