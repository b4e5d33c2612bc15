"""A library of strmctl, and `strmctl serve` in front of it; the links follow from a template."""

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.measuring import STRMCTL, command
from bench.stage.origin import Proxy, free_port, wait_for

Named = Mapping[tuple[str, str], str]
"""Playback URLs by site and slug."""

_SETTINGS = """\
[proxy]
public_base_url = "http://127.0.0.1:{own}"
[serve]
port = {own}
workers = {workers}
[maintain]
enabled = false
[upstream]
allow = ["127.0.0.1"]
"""
_RESOLVER = """\
[resolvers.r{number}]
sites = ["{site}"]
type = "template"
url = "{url}"
"""


@contextmanager
def serving(
    home: Path,
    sites: Mapping[str, str],
    slugs: Mapping[str, Iterable[str]],
    *,
    workers: int = 1,
    certificate: Path | None = None,
) -> Iterator[tuple[Proxy, Named]]:
    """`sites` are templates of URLs, `slugs` what each site has; `home` is made."""
    own = free_port()
    home.mkdir()
    command(STRMCTL, "init", folder=home)
    (home / "strmctl.toml").write_text(
        _SETTINGS.format(own=own, workers=workers)
        + "".join(
            _RESOLVER.format(number=number, site=site, url=url)
            for number, (site, url) in enumerate(sites.items())
        )
    )
    rows = [f"{site},{slug},German,{slug}" for site, every in slugs.items() for slug in every]
    (home / "rows.csv").write_text("\n".join(["site,slug,language,title", *rows]))
    command(STRMCTL, "-q", "write", "--from", "rows.csv", folder=home)
    named = _named(home)
    trusted = {"SSL_CERT_FILE": str(certificate)} if certificate else {}
    with subprocess.Popen(
        (STRMCTL, "serve", "-q"), cwd=home, env=os.environ | trusted, stdin=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(own)
            yield Proxy(process.pid, own), named
        finally:
            process.terminate()


def _named(home: Path) -> Named:
    words = (STRMCTL, "list", "--json")
    listed = subprocess.run(words, cwd=home, check=True, capture_output=True, text=True).stdout
    rows = [json.loads(line) for line in listed.splitlines()]
    return {
        (row["site"], row["slug"]): row["playback_url"] for row in rows if row["type"] == "mapping"
    }
