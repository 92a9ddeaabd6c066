"""A real JupyterLab with its own configuration, and a page of it in headless Chromium."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOKEN = "revorder-test"
NO_NEWS = '{"fetchNews": "false", "checkForUpdates": false}'
READY = """async () => {
    const app = window.jupyterapp;
    await app.restored;
    for (let i = 0; i < 300 && !app.shell.currentWidget?.sessionContext; i++) {
        await new Promise(done => setTimeout(done, 200));
    }
    const session = app.shell.currentWidget.sessionContext;  // an error if no notebook opened within a minute
    await session.ready;
    await session.session.kernel.info;
}"""


def _free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


@contextmanager
def served(command: str, root: Path, scratch: Path) -> Iterator[str]:
    """Run a `jupyter lab …` command line with a token and folders of its own; yields its address."""
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
        yield address
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
def opened(address: str, notebook: str, chromium: str) -> Iterator:
    """A page with a notebook open and its kernel ready."""
    from playwright.sync_api import sync_playwright

    quiet = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        page = browser.new_page(viewport={"width": 1200, "height": 1000})
        page.set_default_timeout(120_000)
        page.goto(f"{address}/doc/tree/{notebook}?token={TOKEN}&reset")
        page.wait_for_function("window.jupyterapp !== undefined")
        page.evaluate(READY)
        yield page
        browser.close()
