"""What counts as a confirmation, and whose certificate is believed."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from stage.command_line import Strmctl
from strmctl.domain.notice import FileChange
from strmctl.errors import ResolverError
from strmctl.resolvers.endpoint import Endpoint
from strmctl.services.notifying.outbox import Delivery, deliver
from strmctl.settings.model import NotifySettings, NotifyType, ResolverSettings, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.notices import Notices
from system.notify.servers import KODI_TOKEN, TOKEN, Reply, Server, jellyfin, kodi, serving, webhook

PAGE = {"Content-Type": "text/html; charset=utf-8"}


async def tell(database: Database, table: NotifySettings) -> Delivery:
    with Notices(database).recording(["tv"], {"Film/Film.strm": FileChange.CREATED}):
        pass
    where = Settings(library=Path("/here"), notify=[table])
    [delivery] = await deliver(where, database, datetime.now(UTC) + timedelta(seconds=1))
    return delivery


@pytest.mark.parametrize("kind", ["jellyfin", "emby"])
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param(
            Reply(200, "Please log in", PAGE),
            "it answers HTTP 200 and a web page in place of 204: "
            "does something else answer at its URL?",
            id="login-page",
        ),
        pytest.param(
            Reply(200, {"status": "ok"}),
            "it answers HTTP 200 in place of 204: does something else answer at its URL?",
            id="json",
        ),
        pytest.param(
            Reply(202),
            "it answers HTTP 202 in place of 204: does something else answer at its URL?",
            id="accepted",
        ),
        pytest.param(
            Reply(206, "x"),
            "it answers HTTP 206 in place of 204: does something else answer at its URL?",
            id="part",
        ),
    ],
)
async def test_87_another_success_is_no_confirmation(
    database: Database, kind: str, reply: Reply, reason: str
) -> None:
    with serving(lambda asked: reply) as server:
        table = NotifySettings("tv", NotifyType(kind), server.url, TOKEN, "/media")
        assert await tell(database, table) == Delivery("tv", 0, reason)
    assert Notices(database).backlogs()["tv"].reason == reason


async def test_87_a_login_page_is_not_kodi(database: Database) -> None:
    with serving(lambda asked: Reply(200, "Please log in", PAGE)) as server:
        table = NotifySettings("tv", NotifyType.KODI, server.url, KODI_TOKEN, "/media")
        delivery = await tell(database, table)
    assert delivery == Delivery("tv", 0, "it answers, but not as Kodi's JSON-RPC does")


@pytest.mark.parametrize("kind", ["jellyfin", "emby"])
def test_87_doctor_sees_the_login_page(strmctl: Strmctl, library: Path, kind: str) -> None:
    with serving(lambda asked: Reply(200, "Please log in", PAGE)) as server:
        with (library / "strmctl.toml").open("a") as settings:
            settings.write(f'\n[notify.tv]\ntype = "{kind}"\nurl = "{server.url}"\n')
        ended = strmctl("doctor", "--json", code=10)
    [finding] = [record for record in ended.records if record.get("check") == "notify"]
    assert "not as Jellyfin or Emby" in finding["reason"]


SPEAKS = {"jellyfin": (jellyfin(), TOKEN), "kodi": (kodi, KODI_TOKEN), "webhook": (webhook, TOKEN)}


@contextmanager
def private(kind: str, authority: trustme.CA) -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with serving(SPEAKS[kind][0], tls=context) as server:
        yield server


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path / "ca.pem"


@pytest.mark.parametrize("kind", SPEAKS)
async def test_88_a_private_authority(
    database: Database, authority: trustme.CA, ca: Path, kind: str
) -> None:
    with private(kind, authority) as server:
        table = NotifySettings("tv", NotifyType(kind), server.url, SPEAKS[kind][1], "/media", ca)
        assert await tell(database, table) == Delivery("tv", 1)


async def test_88_the_environment_s_authorities(
    database: Database, authority: trustme.CA, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    with private("jellyfin", authority) as server:
        table = NotifySettings("tv", NotifyType.JELLYFIN, server.url, TOKEN, "/media")
        assert await tell(database, table) == Delivery("tv", 1)


async def test_88_the_environment_s_authorities_count_for_resolvers_too(
    authority: trustme.CA, ca: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with private("jellyfin", authority) as server:
        resolver = ResolverSettings("a", ["a"], "http", options={"url": server.url})
        monkeypatch.setenv("SSL_CERT_FILE", f"{ca}.none")
        untrusting = Endpoint(resolver, {})
        with pytest.raises(ResolverError, match="CERTIFICATE_VERIFY_FAILED"):
            await untrusting.ask("GET", server.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(ca))
        trusting = Endpoint(resolver, {})
        assert (await trusting.ask("GET", server.url)).status == 401
        for endpoint in (untrusting, trusting):
            await endpoint.aclose()


@pytest.mark.parametrize("kind", SPEAKS)
async def test_88_the_certificate_is_the_reason(
    database: Database, authority: trustme.CA, kind: str
) -> None:
    with private(kind, authority) as server:
        table = NotifySettings("tv", NotifyType(kind), server.url, SPEAKS[kind][1], "/media")
        delivery = await tell(database, table)
    assert delivery.delivered == 0
    assert str(delivery.reason).startswith("its certificate is not trusted: unable to get local")


async def test_88_a_certificate_for_another_name(
    database: Database, authority: trustme.CA, ca: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("tv.example").configure_cert(context)
    with serving(jellyfin(), tls=context) as server:
        table = NotifySettings("tv", NotifyType.JELLYFIN, server.url, TOKEN, "/media", ca)
        delivery = await tell(database, table)
    assert "certificate is not valid for '127.0.0.1'" in str(delivery.reason)


@pytest.mark.parametrize("content", [None, "", "no certificate"])
async def test_88_a_file_that_holds_no_authority(
    database: Database, authority: trustme.CA, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "none.pem"
    if content is not None:
        file.write_text(content)
    with private("jellyfin", authority) as server:
        table = NotifySettings("tv", NotifyType.JELLYFIN, server.url, TOKEN, "/media", file)
        delivery = await tell(database, table)
    assert f"{file} cannot be used as its CA" in str(delivery.reason)


def test_88_doctor_names_the_remedy(
    strmctl: Strmctl, library: Path, authority: trustme.CA, ca: Path
) -> None:
    with private("jellyfin", authority) as server:
        with (library / "strmctl.toml").open("a") as settings:
            settings.write(f'\n[notify.tv]\ntype = "jellyfin"\nurl = "{server.url}"\n')
            settings.write(f'token = "{TOKEN}"\nlibrary = "/media"\n')
        (library / "strmctl.toml").chmod(0o600)
        ended = strmctl("doctor", "--json", code=10)
        [finding] = [record for record in ended.records if record.get("check") == "notify"]
        assert "certificate" in finding["reason"]
        assert "notify.tv.ca" in finding["remedy"]
        with (library / "strmctl.toml").open("a") as settings:
            settings.write(f'ca = "{ca}"\n')
        assert "certificate" not in strmctl("doctor", "--json", code=10).out
