"""Published files, downloaded once; where that is not possible, an error says how to do without."""

from __future__ import annotations

from pathlib import Path

INSTEAD = (
    "have somebody fetch it, and give the folder where it lies: --data FOLDER on the command line, `directory` or "
    "`data` in Python, or the environment variable REVORDER_DATA everywhere"
)


class DownloadError(OSError):
    """A published file could not be downloaded; the message names its address, why, and what to do instead."""


def download(url: str, md5: str, folder: str) -> Path:
    """A published file, downloaded once into the folder of the user's cache, its checksum verified.

    Nothing is left at its place unless it came whole.

    Args:
        url: its address, which ends in its name.
        md5: of the published file.
        folder: its folder below that of revorder in the cache.

    Raises:
        DownloadError: no connection, no answer in time, another answer, or other bytes than were published.
    """
    import pooch

    name = url.rpartition("/")[2]
    try:
        return Path(pooch.retrieve(url, known_hash=f"md5:{md5}", fname=name, path=pooch.os_cache("revorder") / folder))
    except Exception as error:  # of requests, urllib3, ssl, pooch, or the disk
        raise DownloadError(
            f"data: {url} could not be downloaded ({_why(error)}). Where there is no network, {INSTEAD}"
        ) from error


def _why(error: Exception) -> str:
    """In a few words: what requests and urllib3 wrap into each other is told by the innermost of them."""
    from requests import ConnectionError as NoConnection
    from requests import HTTPError, Timeout

    if isinstance(error, HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, Timeout):
        return "no answer in time"
    if isinstance(error, NoConnection):
        return f"no connection: {_innermost(error)}"
    if isinstance(error, ValueError) and "hash" in str(error):
        return "what came is not the published file: cut off, changed, or the page of a network that asks for a login"
    return f"{type(error).__name__}: {error}"


def _innermost(error: BaseException) -> str:
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(getattr(error, "strerror", None) or error)
