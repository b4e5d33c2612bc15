"""What a client may not have made is 403, never 500 and never somebody else's episode."""

import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest

from stage.episode import Episode, Stage
from stage.media import FILM, FORMS
from stage.walk import children

Change = Callable[[str], str]


@pytest.fixture
def episode(stage: Stage) -> Episode:
    return stage.lasting(FORMS["ts"])


def change_character(text: str, at: int) -> str:
    other = "A" if text[at] != "A" else "B"
    return f"{text[:at]}{other}{text[at:][1:]}"


def signature(url: str) -> str:
    return url.partition("&sig=")[2]


def token_in(child_url: str) -> str:
    return max(urlsplit(child_url).path.split("/"), key=len)


def with_signature(change: Change) -> Change:
    return lambda url: url.replace(signature(url), change(signature(url)))


CHANGES: dict[str, Change] = {
    "first character": with_signature(lambda sig: change_character(sig, 0)),
    "last character": with_signature(lambda sig: change_character(sig, len(sig) - 5)),
    "cut": with_signature(lambda sig: sig[:-4]),
    "lower case": with_signature(str.lower),
    "padded": with_signature(lambda sig: f"{sig}="),
    "empty": with_signature(lambda sig: ""),
    "missing": lambda url: url.partition("&sig=")[0],
    "twice": lambda url: f"{url}&sig={signature(url)}",
    "twice, forged first": lambda url: url.replace("&sig=", f"&sig=A&sig={signature(url)}&x="),
    "non-ASCII": with_signature(lambda sig: "%C3%A9%E2%82%AC"),
    "not UTF-8": with_signature(lambda sig: "%FF%FE"),
    "NUL": with_signature(lambda sig: f"{sig}%00"),
    "another slug": lambda url: url.replace("slug=show-", "slug=show-1"),
    "another episode": lambda url: url.replace("e=2", "e=3"),
    "slug twice": lambda url: f"{url}&slug=show-0",
    "episode not a number": lambda url: url.replace("e=2", "e=%C2%B2"),
    "an end added": lambda url: f"{url}&exp=4102444800",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changed_playback_urls(change: Change, episode: Episode, client: httpx.Client) -> None:
    changed = change(episode.playback_url)
    assert changed != episode.playback_url
    response = client.get(changed)
    assert response.status_code == 403
    assert "html" not in response.headers["Content-Type"]
    assert client.head(changed).status_code == 403


def test_parameters_that_players_add_are_ignored(episode: Episode, client: httpx.Client) -> None:
    added = f"{episode.playback_url}&api_key=1&_HLS_msn=3&x=%C3%A9"
    assert client.get(added).content == client.get(episode.playback_url).content


def test_bytes_that_are_no_url(episode: Episode) -> None:
    parts = urlsplit(episode.playback_url)
    target = f"{parts.path}?{parts.query}é".encode("latin-1")
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 10) as connection:
        connection.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = connection.makefile("rb").readline()
    assert answer.split()[1] in (b"400", b"403")


def test_changed_child_urls(episode: Episode, client: httpx.Client) -> None:
    uri = children(client.get(episode.playback_url).text)[0].uri
    token = token_in(uri)
    assert client.get(uri).status_code == 200
    for at in range(len(token)):
        changed = uri.replace(token, change_character(token, at))
        assert client.get(changed).status_code == 403, changed


def test_a_child_token_opens_no_other_episode(
    episode: Episode, stage: Stage, client: httpx.Client
) -> None:
    film = stage.lasting(FILM)
    uri = children(client.get(episode.playback_url).text)[0].uri
    borrowed = film.playback_url.replace(signature(film.playback_url), token_in(uri))
    assert client.get(borrowed).status_code == 403
