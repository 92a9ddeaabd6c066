"""Data that cannot be downloaded: why, from which address and what to do instead, in Python, CLI and panel."""

from __future__ import annotations

import hashlib
import socket
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner

import revorder as ro
from revorder.data import cifar, downloads, fashion
from revorder.experiments import Config, experiment, run
from revorder.experiments.cli import main
from revorder.widgets import ExperimentPanel

LOGIN = b"<!doctype html><title>Log in to this network</title>"
WRONG = "what came is not the published file"


class Answers(BaseHTTPRequestHandler):
    """The server's answers: 200 with some bytes, of which fewer may come than it says; another status; or none."""

    def __init__(self, status, content, missing, *given):
        self.status, self.content, self.missing = status, content, missing
        super().__init__(*given)

    def do_GET(self):
        if not self.status:
            return self.server.ended.wait(10)
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.content) + self.missing))
        self.end_headers()
        self.wfile.write(self.content)
        return None

    def log_message(self, *given):
        pass


@pytest.fixture
def serve():
    """Starts a server with such answers; returns its address."""
    servers = []

    def start(status, content=b"", missing=0):
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Answers, status, content, missing))
        server.ended = threading.Event()
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.ended.set()
        server.shutdown()
        server.server_close()


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty one, and nothing said of where data lie."""
    monkeypatch.delenv("REVORDER_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "cache")
    monkeypatch.setattr("pooch.downloaders.DEFAULT_TIMEOUT", 0.2)
    return tmp_path / "cache"


def offline(monkeypatch):
    def unknown(*given, **options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)


def refused():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/"


KINDS = {  # what goes wrong -> the address, and what is said
    "refused": (lambda serve: refused(), "no connection: Connection refused"),
    "no answer": (lambda serve: serve(0), "no answer in time"),
    "not found": (lambda serve: serve(404), "the server answered 404 Not Found"),
    "unavailable": (lambda serve: serve(503), "the server answered 503 Service Unavailable"),
    "login page": (lambda serve: serve(200, LOGIN), WRONG),
    "other bytes": (lambda serve: serve(200, bytes(1000)), WRONG),
    "nothing": (lambda serve: serve(200), WRONG),
    "cut off": (lambda serve: serve(200, bytes(1000), missing=1), "Error"),
}


def says_what_to_do(said, address):
    assert f"data: {address}" in said and "could not be downloaded (" in said
    assert "--data FOLDER" in said and "REVORDER_DATA" in said and "Traceback" not in said


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_goes_wrong_is_told_in_a_sentence(kind, serve, cache):
    where, why = KINDS[kind]
    url = where(serve) + "train.gz"
    with pytest.raises(downloads.DownloadError) as caught:
        downloads.download(url, hashlib.md5(b"published").hexdigest(), "folder")
    says_what_to_do(str(caught.value), url)
    assert why in str(caught.value) and "HTTPConnectionPool" not in str(caught.value)
    assert not [path for path in cache.rglob("*") if path.is_file()], "nothing is left of what came"


def test_a_name_that_nobody_knows(monkeypatch):
    offline(monkeypatch)
    with pytest.raises(OSError, match=r"no connection: Name or service not known\)"):
        downloads.download("https://revorder.invalid/train.gz", "0" * 32, "folder")


@pytest.mark.parametrize("left", [None, b"publ"])
def test_what_came_whole_is_kept_and_what_was_left_half_is_fetched_anew(left, serve, cache, monkeypatch):
    url, md5 = serve(200, b"published") + "train.gz", hashlib.md5(b"published").hexdigest()
    if left is not None:
        (cache / "folder").mkdir(parents=True)
        (cache / "folder" / "train.gz").write_bytes(left)
    path = downloads.download(url, md5, "folder")
    assert path == cache / "folder" / "train.gz" and path.read_bytes() == b"published"
    offline(monkeypatch)
    assert downloads.download(refused() + "train.gz", md5, "folder") == path


def test_half_a_file_is_not_taken_for_the_whole_where_there_is_no_network(cache):
    (cache / "folder").mkdir(parents=True)
    (cache / "folder" / "train.gz").write_bytes(b"publ")
    with pytest.raises(downloads.DownloadError, match="no connection"):
        downloads.download(refused() + "train.gz", hashlib.md5(b"published").hexdigest(), "folder")


def test_a_cache_that_cannot_be_written_is_said_too(serve, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr("pooch.os_cache", lambda name: tmp_path / "file")
    with pytest.raises(downloads.DownloadError, match="Error: .*REVORDER_DATA"):
        downloads.download(serve(200, b"published") + "train.gz", hashlib.md5(b"published").hexdigest(), "folder")


ADDRESSES = {
    "fashion-mnist": (ro.datasets.fashion_mnist, fashion.URL + "train-images-idx3-ubyte.gz"),
    "cifar10": (ro.datasets.cifar10, cifar.URL + "cifar-10-binary.tar.gz"),
    "cifar100": (ro.datasets.cifar100, cifar.URL + "cifar-100-binary.tar.gz"),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_python_says_so(name, monkeypatch, tmp_path):
    offline(monkeypatch)
    load, address = ADDRESSES[name]
    config = experiment("mlp-digits", "smoke", dataset=name)
    for call in (load, lambda: run(config, tmp_path / "r")):
        with pytest.raises(OSError) as caught:
            call()
        says_what_to_do(str(caught.value), address)


@pytest.mark.parametrize("name", ["mlp-fashion-mnist", "resnet18-cifar10"])
def test_the_command_line_says_so(name, monkeypatch, tmp_path):
    offline(monkeypatch)
    address = ADDRESSES[experiment(name, "smoke").dataset][1]
    made = CliRunner().invoke(main, ["run", name, "--profile", "smoke", "--out", str(tmp_path / "r")])
    assert made.exit_code == 1 and isinstance(made.exception, SystemExit)
    says_what_to_do(made.stderr, address)
    again = CliRunner().invoke(main, ["resume", str(tmp_path / "r")])
    says_what_to_do(again.stderr, address)
    assert f"revorder resume {tmp_path / 'r'}" in made.stderr


def test_the_panel_says_so(monkeypatch, tmp_path):
    offline(monkeypatch)
    config = Config("own", "smoke", dataset="fashion-mnist", steps=10, seeds=1)
    panel = ExperimentPanel(config=config, home=tmp_path)
    panel.start.click()
    with pytest.raises(downloads.DownloadError):
        panel.result(60)
    panel.task.join(10)
    says_what_to_do(panel.error.value, ADDRESSES["fashion-mnist"][1])
