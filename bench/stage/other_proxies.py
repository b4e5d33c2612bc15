"""Proxies of this field from PyPI and npm, as they come, in one process each.

What they fetch ahead of the player is off, where it is on: it would be read twice.
"""

import base64
import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from bench.stage.origin import Origin, Proxy, free_port, wait_for
from bench.stage.peers import HLS_PROXY, MEDIAFLOW, Others

Url = Callable[[str, str], str]
"""From a site, plain or tls, and a name there to the URL at a proxy."""


@contextlib.contextmanager
def mediaflow(origin: Origin, others: Others) -> Iterator[tuple[Proxy, Url]]:
    """Raises NotMeasuredError where it cannot be had, as `hls_proxy` does."""
    own, program = free_port(), MEDIAFLOW.path(others)

    def url(site: str, name: str) -> str:
        way = "hls/manifest.m3u8" if name.endswith(".m3u8") else "stream"
        asked = quote(f"{origin.url(tls=site == 'tls')}/{name}", safe="")
        return f"http://127.0.0.1:{own}/proxy/{way}?d={asked}"

    quiet = ("--no-access-log", "--log-level", "error")
    words = (program, "mediaflow_proxy.main:app", "--host", "127.0.0.1", "--port", str(own), *quiet)
    settings = {
        "ENABLE_HLS_PREBUFFER": "false",
        "LOG_LEVEL": "ERROR",
        "DISABLE_SSL_VERIFICATION_GLOBALLY": "true",
    }
    with _running(words, own, origin.folder, settings) as process_id:
        yield Proxy(process_id, own), url


@contextlib.contextmanager
def hls_proxy(origin: Origin, others: Others) -> Iterator[tuple[Proxy, Url]]:
    own, program = free_port(), HLS_PROXY.path(others)

    def url(site: str, name: str) -> str:
        asked = base64.b64encode(f"{origin.url(tls=site == 'tls')}/{name}".encode()).decode()
        return f"http://127.0.0.1:{own}/{asked}{Path(name).suffix}"

    words = (program, "--host", "127.0.0.1", "--port", str(own), "--req-insecure")
    with _running(words, own, origin.folder, {}) as process_id:
        yield Proxy(process_id, own), url


OTHERS = {MEDIAFLOW.name: mediaflow, HLS_PROXY.name: hls_proxy}


@contextlib.contextmanager
def _running(
    words: tuple[str, ...], port: int, folder: Path, settings: dict[str, str]
) -> Iterator[int]:
    with (
        (folder / f"{port}.log").open("wb") as log,
        subprocess.Popen(
            words,
            cwd=folder,
            env=os.environ | settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            wait_for(port)
            yield process.pid
        finally:
            # Theirs may wait for players that are gone.
            process.kill()
