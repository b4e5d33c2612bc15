"""One `strmctl serve` for each way out, and an upstream whose bytes show where they belong."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stage import egress_proxies
from stage.certificate import certificate
from stage.scripted_fixtures import resolver, upstream
from stage.show import Resolver
from stage.site import Site, running_site

__all__ = ["authority", "resolver", "site", "upstream", "way_out"]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module", params=["", *egress_proxies.PROXIES])
def way_out(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The setting `upstream.egress`."""
    if not request.param:
        yield ""
        return
    with egress_proxies.PROXIES[request.param](tmp_path_factory.mktemp("proxy")) as proxy:
        yield proxy.url


@pytest.fixture(scope="module")
def site(
    way_out: str, authority: Path, resolver: Resolver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    environ = {
        "STRMCTL_UPSTREAM_EGRESS": way_out,
        "STRMCTL_UPSTREAM_ALLOW": "127.0.0.0/8",
        "SSL_CERT_FILE": str(authority),
    }
    with running_site(
        tmp_path_factory.mktemp("relay") / "site", resolver.url, environ=environ
    ) as site:
        yield site
