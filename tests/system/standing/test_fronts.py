"""Behind nginx, Caddy and HAProxy, below a path that is taken off or not, buffered or not."""

import re
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx
import pytest

from stage import presentation
from stage.media import FILM, FORMS, FRAMES, Media, sha256
from stage.players import PLAYERS
from stage.routes import Gate, always, cut, endless, file
from stage.show import Show
from stage.site import Site, put_media
from stage.upstream import Answer
from stage.viewer import follow
from stage.waiting import until
from stage.walk import walk
from system.standing.fronts import CLIENT

pytestmark = pytest.mark.slow

_FORGED: Mapping[str, str] = {
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "444",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=6.6.6.6;host=evil.example;proto=https",
    "X-Original-URL": "/evil",
    "X-Real-IP": "6.6.6.6",
}
_URL = re.compile(r"https?://[^\s\"]+")


@pytest.mark.parametrize("form", ["groups", "aes128", "ranges-fmp4"])
def test_every_byte_arrives_and_every_uri_is_public(
    site: Site, client: httpx.Client, media: Media, show: Show, form: str
) -> None:
    put_media(show, media, FORMS[form])
    steps = list(walk(client, site.playback_url(show), media, FORMS[form]))
    assert len(steps) > 6
    for step in steps:
        assert step.url.startswith(f"{site.base_url}/strm/")
        if step.is_playlist:
            urls = _URL.findall(step.response.text)
            assert all(url.startswith(f"{site.base_url}/strm/") for url in urls)
        else:
            assert sha256(step.response.content) == sha256(step.upstream), step.uri


def test_what_a_client_says_of_its_way_changes_no_uri(
    site: Site, client: httpx.Client, show: Show
) -> None:
    presentation.put(show)
    url = site.playback_url(show)
    honest = client.get(url).text
    assert client.get(url, headers=_FORGED).text == honest
    forged = {**_FORGED, "Host": "evil.example"}
    assert client.get(site.directly(url), headers=forged).text == honest
    assert client.get(site.directly(url) + "/", headers=forged, follow_redirects=False).is_error


def test_the_client_is_the_one_that_the_front_saw(
    site: Site, client: httpx.Client, show: Show
) -> None:
    presentation.put(show)
    client.get(site.playback_url(show), headers={"X-Forwarded-For": "6.6.6.6"})
    [line] = site.lines_of(show)
    assert f"strmctl.access: {CLIENT} GET" in line


def test_a_client_that_is_no_front_is_not_believed(
    site: Site, client: httpx.Client, show: Show
) -> None:
    presentation.put(show)
    client.get(site.directly(site.playback_url(show)), headers={"X-Forwarded-For": "6.6.6.6"})
    [line] = site.lines_of(show)
    assert f"strmctl.access: {CLIENT} GET" in line


def test_ranges_of_a_film(site: Site, client: httpx.Client, media: Media, show: Show) -> None:
    content, url = media.content(FILM), site.playback_url(show)
    put_media(show, media, FILM)
    head = client.head(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Content-Length"] == str(len(content))
    part = client.get(url, headers={"Range": "bytes=1000-4999"})
    assert (part.status_code, part.content) == (206, content[1000:5000])
    assert part.headers["Content-Range"] == f"bytes 1000-4999/{len(content)}"
    end = client.get(url, headers={"Range": "bytes=-7"})
    assert (end.status_code, end.content) == (206, content[-7:])
    beyond = client.get(url, headers={"Range": f"bytes={len(content)}-"})
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{len(content)}"
    assert client.get(url).content == content


def test_ranges_of_a_segment(site: Site, client: httpx.Client, show: Show) -> None:
    data = presentation.flat(show, ["a.ts"])["a.ts"]
    [segment] = follow(client, site.playback_url(show))
    for _ in range(2):  # The second may come from a cache.
        part = client.get(segment, headers={"Range": "bytes=100-199"})
        assert (part.status_code, part.content) == (206, data[100:200])
        assert part.headers["Content-Range"] == f"bytes 100-199/{len(data)}"
    assert int(client.head(segment).headers["Content-Length"]) == len(data)
    assert client.get(segment).content == data


@pytest.mark.parametrize("status", [403, 404, 410, 429, 451, 503])
def test_refusals_come_through_as_they_are(
    site: Site, client: httpx.Client, show: Show, status: int
) -> None:
    show.is_dead = True
    show.refusal = Answer(status, b"no", {"Retry-After": "77"})
    answer = client.get(site.playback_url(show))
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json()["status"] == status
    assert answer.headers.get("Retry-After") == "77"


def test_a_signature_that_does_not_verify_is_refused_as_a_problem(
    site: Site, client: httpx.Client, show: Show
) -> None:
    answer = client.get(site.playback_url(show).replace("lang=de", "lang=en"))
    assert (answer.status_code, answer.json()["status"]) == (403, 403)


def test_a_client_that_leaves_ends_the_download(site: Site, show: Show) -> None:
    show.entry = "film.ts"
    fields = {"Content-Length": str(10**12), "Content-Type": "video/mp2t"}
    show.routes[show.entry] = endless(b"G" * 65536, fields=fields)
    url = urlsplit(site.playback_url(show))
    with socket.create_connection((str(url.hostname), int(url.port or 0)), 10) as viewer:
        head = f"GET {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n"
        viewer.sendall(head.encode())
        for _ in range(20):
            assert viewer.recv(65536)
        assert any(exchange.is_open for exchange in show.exchanges(show.entry))
    until(
        lambda: not any(exchange.is_open for exchange in show.exchanges(show.entry)),
        "the upstream is left too",
    )


def test_a_body_that_cannot_be_completed_is_seen_to_be_cut_and_not_kept(
    site: Site, client: httpx.Client, show: Show
) -> None:
    data = presentation.flat(show, ["a.ts"])["a.ts"]
    [segment] = follow(client, site.playback_url(show))
    whole = file(data, media_type="video/mp2t")
    show.routes["a.ts"] = lambda request: (
        Answer(404) if request.fields.get("range") else cut(whole, every=3000)(request)
    )
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(segment)
    show.routes["a.ts"] = whole
    assert client.get(segment).content == data


def test_bytes_are_passed_on_as_they_come(shipped: Site, client: httpx.Client, show: Show) -> None:
    show.entry = "film.ts"
    content = presentation.content("film", 200_000)
    gate = Gate(content, 10_000, {"Content-Type": "video/mp2t"})
    show.routes[show.entry] = gate
    with client.stream("GET", shipped.playback_url(show)) as response:
        received = b""
        chunks = response.iter_raw()
        while len(received) < 10_000:
            received += next(chunks)
        assert received == content[:10_000]
        gate.open()
        assert received + b"".join(chunks) == content


def test_a_real_player_loses_nothing(shipped: Site, media: Media, show: Show) -> None:
    put_media(show, media, FORMS["fmp4"])
    played = PLAYERS["ffmpeg-debian"](shipped.playback_url(show), 0.0)
    assert played.frames == FRAMES, played.complaints


def test_nginx_answers_the_second_viewer_of_a_segment(
    cached: Site, client: httpx.Client, media: Media, show: Show
) -> None:
    put_media(show, media, FORMS["ts"])
    segments = follow(client, cached.playback_url(show))
    first = [client.get(url) for url in segments]
    until(lambda: len(cached.lines_of(show)) == 1 + len(segments), "all are logged")
    second = [client.get(url) for url in segments]
    assert [answer.headers["X-Cache"] for answer in first] == ["MISS"] * len(segments)
    assert [answer.headers["X-Cache"] for answer in second] == ["HIT"] * len(segments)
    assert [a.content for a in second] == [a.content for a in first]
    assert len(cached.lines_of(show)) == 1 + len(segments)


def test_nginx_keeps_no_refusals(cached: Site, client: httpx.Client, show: Show) -> None:
    presentation.put(show)
    video = presentation.addresses(client, cached.playback_url(show))["video.m3u8"]
    segment = follow(client, video)[3]
    show.routes["video1.m4s"] = always(Answer(404))
    assert client.get(segment).status_code == 404
    show.routes["video1.m4s"] = file(presentation.FILES["video1.m4s"])
    assert client.get(segment).content == presentation.FILES["video1.m4s"]
