"""What the proxy serves names things: nothing of the upstream shows, and every name answers."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from stage.episode import HEADERS, Episode, Stage
from stage.media import FILM, FORMS, UPSTREAM_WORDS, sha256
from stage.nginx import HOST
from stage.waiting import until
from stage.walk import Step, children, walk

EACH_FORM = pytest.mark.parametrize("path", FORMS.values(), ids=FORMS)
PLAYLISTS = {name: path for name, path in FORMS.items() if path != FILM}
EACH_PLAYLIST = pytest.mark.parametrize("path", PLAYLISTS.values(), ids=PLAYLISTS)
CLIENT_SECRETS = {
    "Cookie": "session=1",
    "Authorization": "Bearer of-the-client",
    "X-Forwarded-For": "198.51.100.7",
    "X-Real-IP": "198.51.100.7",
    "Forwarded": "for=198.51.100.7",
    "Referer": "https://media-server.test/",
}


def steps(stage: Stage, episode: Episode, client: httpx.Client) -> list[Step]:
    return list(walk(client, episode.playback_url, stage.media, episode.path))


@EACH_FORM
def test_every_uri_answers_with_the_right_bytes(
    path: str, stage: Stage, client: httpx.Client
) -> None:
    for step in steps(stage, stage.lasting(path), client):
        assert step.response.status_code == 200, step.uri
        if not step.is_playlist:
            assert sha256(step.response.content) == sha256(step.upstream), step.uri
            assert int(step.response.headers["Content-Length"]) == len(step.upstream)


@EACH_FORM
def test_nothing_of_the_upstream_shows(path: str, stage: Stage, client: httpx.Client) -> None:
    episode = stage.lasting(path)
    walked = steps(stage, episode, client)
    [upstream_url] = episode.upstream_urls
    hidden = [*secrets_of(upstream_url), *UPSTREAM_WORDS, *HEADERS.values()]
    for step in walked:
        shown = [step.uri, *step.response.headers.values()]
        if step.is_playlist:
            shown.append(step.response.text)
        for text in shown:
            assert not [word for word in hidden if word in text], text


def until_logged(stage: Stage, mark: int, count: int) -> None:
    until(lambda: len(stage.nginx.requests(since=mark)) >= count, f"nginx logs {count} requests")


def secrets_of(upstream_url: str) -> Iterator[str]:
    parts = urlsplit(upstream_url)
    yield HOST
    yield f":{parts.port}"
    yield from (value for [value] in parse_qs(parts.query).values())
    if token := re.match(r"/s/([^,/]+)[,-](\d+)/", parts.path):
        yield from token.groups()


@EACH_PLAYLIST
def test_names_keep_the_form_that_players_need(
    path: str, stage: Stage, client: httpx.Client
) -> None:
    episode = stage.lasting(path)
    root, *below = [step for step in steps(stage, episode, client) if step.is_playlist]
    assert urlsplit(root.url).path.endswith("/stream.m3u8")
    assert all(c.uri.startswith(stage.strmctl.base_url) for c in children(root.response.text))
    for step in [root, *below]:
        assert step.response.headers["Content-Type"] == "application/vnd.apple.mpegurl"
        assert step.response.text.startswith("#EXTM3U")
    for step in below:
        uris = [child.uri for child in children(step.response.text)]
        assert not [uri for uri in uris if uri.startswith(("/", ".", "http"))]


@EACH_PLAYLIST
def test_segments_have_the_extension_of_their_content(
    path: str, stage: Stage, client: httpx.Client
) -> None:
    for step in steps(stage, stage.lasting(path), client):
        assert len(step.url) < 4000
        if not step.is_playlist:
            assert re.search(r"\.[a-z0-9]{2,4}$", urlsplit(step.url).path), step.url
        for start, extension in [(b"\x47", ".ts"), (b"WEBVTT", ".vtt"), (b"#EXTM3U", ".m3u8")]:
            if step.upstream.startswith(start):
                assert urlsplit(step.url).path.endswith(extension)
        if step.upstream[4:8] in (b"styp", b"moof"):
            assert urlsplit(step.url).path.endswith(".m4s")


@EACH_PLAYLIST
def test_names_stay_the_same(path: str, stage: Stage, client: httpx.Client) -> None:
    episode = stage.lasting(path)
    first = [(step.url, step.response.content) for step in steps(stage, episode, client)]
    again = [(step.url, step.response.content) for step in steps(stage, episode, client)]
    assert first == again


@EACH_FORM
def test_names_outlive_the_token(path: str, stage: Stage, client: httpx.Client) -> None:
    episode = stage.episode(path)
    walked = steps(stage, episode, client)
    episode.expire()
    for step in reversed(walked):
        response = client.get(step.url)
        assert response.status_code == 200, step.uri
        assert response.content == step.response.content
    assert len(episode.questions()) == 2


@EACH_FORM
def test_head_tells_what_get_would(path: str, stage: Stage, client: httpx.Client) -> None:
    for step in steps(stage, stage.lasting(path), client):
        head = client.head(step.url)
        assert head.status_code == 200
        assert head.content == b""
        for name in ("Content-Length", "Content-Type"):
            assert head.headers[name] == step.response.headers[name], step.uri


@EACH_FORM
def test_upstream_gets_the_headers_of_the_mapping_and_none_of_the_client(
    path: str, stage: Stage, client: httpx.Client
) -> None:
    episode = stage.episode(path)
    mark = stage.nginx.mark()
    walked = list(walk(client, episode.playback_url, stage.media, path, headers=CLIENT_SECRETS))
    until_logged(stage, mark, len(walked))
    for request in stage.nginx.requests(since=mark):
        assert request.referer == HEADERS["Referer"]
        assert request.user_agent == HEADERS["User-Agent"]
        assert not request.cookie
        assert not request.authorization
        assert not request.forwarded + request.x_forwarded_for + request.x_real_ip


@EACH_FORM
def test_one_upstream_request_for_each_of_the_client(
    path: str, stage: Stage, client: httpx.Client
) -> None:
    episode = stage.episode(path)
    mark = stage.nginx.mark()
    walked = steps(stage, episode, client)
    until_logged(stage, mark, len(walked))
    assert len(stage.nginx.requests(since=mark)) == len(walked)
