"""A plain file through the proxy answers as nginx itself does: status, range, length, bytes."""

import httpx
import pytest

from stage.episode import Episode, Stage
from stage.media import FILM

COMPARED = ("Content-Range", "Content-Length", "Content-Type", "ETag", "Last-Modified")
RANGES = {
    "none": "",
    "all": "bytes=0-",
    "first byte": "bytes=0-0",
    "inner": "bytes=100-299",
    "from the middle": "bytes=300000-",
    "suffix": "bytes=-500",
    "suffix longer than the file": "bytes=-99999999",
    "end beyond the file": "bytes=1000-99999999",
    "another unit": "lines=1-2",
}
UNSATISFIABLE = {"beyond the end": "bytes=99999999-", "empty suffix": "bytes=-0"}


@pytest.fixture
def film(stage: Stage) -> Episode:
    return stage.lasting(FILM)


def ask(
    client: httpx.Client, film: Episode, method: str, headers: dict[str, str]
) -> tuple[httpx.Response, httpx.Response]:
    """The proxy's answer and nginx's."""
    headers = {"Accept-Encoding": "identity", **headers}
    return (
        client.request(method, film.playback_url, headers=headers),
        client.request(method, film.upstream_urls[-1], headers=headers),
    )


def assert_equal(proxied: httpx.Response, direct: httpx.Response) -> None:
    assert proxied.status_code == direct.status_code
    for name in COMPARED:
        assert proxied.headers.get(name) == direct.headers.get(name), name
    assert proxied.headers["Accept-Ranges"] == "bytes"
    assert proxied.content == direct.content


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("value", RANGES.values(), ids=RANGES)
def test_ranges(method: str, value: str, film: Episode, client: httpx.Client) -> None:
    headers = {"Range": value} if value else {}
    assert_equal(*ask(client, film, method, headers))


@pytest.mark.parametrize("value", UNSATISFIABLE.values(), ids=UNSATISFIABLE)
def test_unsatisfiable_ranges(value: str, film: Episode, client: httpx.Client) -> None:
    proxied, direct = ask(client, film, "GET", {"Range": value})
    assert proxied.status_code == direct.status_code == 416
    assert proxied.headers["Content-Range"] == direct.headers["Content-Range"]
    assert b"html" not in proxied.content


def test_several_ranges_are_answered_whole_or_as_parts(
    film: Episode, stage: Stage, client: httpx.Client
) -> None:
    content = stage.media.content(FILM)
    proxied, _ = ask(client, film, "GET", {"Range": "bytes=0-9,100-199"})
    if proxied.status_code == 206:
        assert proxied.headers["Content-Type"].startswith("multipart/byteranges")
        assert content[0:10] in proxied.content
        assert content[100:200] in proxied.content
    else:
        assert proxied.status_code == 200
        assert proxied.content == content


@pytest.mark.parametrize("field", ["ETag", "Last-Modified"])
@pytest.mark.parametrize("holds", [True, False], ids=["the same", "another"])
def test_if_range(field: str, holds: bool, film: Episode, client: httpx.Client) -> None:
    validator = client.head(film.playback_url).headers[field]
    if not holds:
        validator = '"another"' if field == "ETag" else "Thu, 01 Jan 2015 00:00:00 GMT"
    proxied, direct = ask(client, film, "GET", {"Range": "bytes=5-9", "If-Range": validator})
    assert_equal(proxied, direct)
    assert proxied.status_code == (206 if holds else 200)
