"""What stands behind a URL for Kodi is told apart from it, and headers from other options."""

import pytest

from strmctl.domain.library.strm_text import (
    lacks_headers,
    parse,
    with_playback_url,
    with_upstream_url,
)
from strmctl.domain.urls.kodi_options import split_kodi_options

URL = "https://cdn.example/film.m3u8?token=a%7Cb"


@pytest.mark.parametrize(
    ("line", "headers"),
    [
        pytest.param(URL, {}, id="none"),
        pytest.param(f"{URL}|", {}, id="an empty suffix"),
        pytest.param(
            f"{URL}|Referer=https%3A%2F%2Fa.to%2F", {"Referer": "https://a.to/"}, id="one"
        ),
        pytest.param(
            f"{URL}|User-Agent=Mozilla/5.0 (X11)&Cookie=a%3Db%26c",
            {"User-Agent": "Mozilla/5.0 (X11)", "Cookie": "a=b&c"},
            id="two, one with spaces as they are",
        ),
        pytest.param(f"{URL}|User-Agent=a+b", {"User-Agent": "a b"}, id="plus is a space"),
        pytest.param(f"{URL}|!Cookie=a", {"Cookie": "a"}, id="hidden from Kodi's log"),
        pytest.param(
            f"{URL}|verifypeer=false&seekable=0&X-A=1", {"X-A": "1"}, id="options of Kodi's client"
        ),
        pytest.param(f"{URL} | X-A=1", {"X-A": "1"}, id="spaces around the bar"),
    ],
)
def test_splits(line: str, headers: dict[str, str]) -> None:
    assert split_kodi_options(line) == (URL, line.removeprefix(URL).strip(), headers)
    text = parse(line.encode())
    assert (text.url, text.headers) == (URL, headers)


def test_a_bar_that_begins_no_options_is_part_of_the_url() -> None:
    assert split_kodi_options("https://cdn.example/a|b.mp4") == (
        "https://cdn.example/a|b.mp4",
        "",
        {},
    )


PLAYBACK = "https://tv.example/strm/stream.mp4?slug=a"
HEADERS = {"Referer": "https://a.to/?x=1&y", "User-Agent": "U 1|2"}
OPTIONS = "|Referer=https%3A%2F%2Fa.to%2F%3Fx%3D1%26y&User-Agent=U%201%7C2"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("", f"{URL}\n", id="a new file, for all players"),
        pytest.param(f"{PLAYBACK}\n", f"{URL}\n", id="a file for all players"),
        pytest.param(
            f"#EXTVLCOPT:http-referrer=a\n{PLAYBACK}\n",
            f"#EXTVLCOPT:http-referrer=a\n{URL}\n",
            id="VLC's lines",
        ),
        pytest.param(f"{URL}1|Cookie=a\n", f"{URL}|Cookie=a&{OPTIONS[1:]}\n", id="others stay"),
        pytest.param(f"{URL}1|referer=old\n", f"{URL}{OPTIONS}\n", id="an old value"),
        pytest.param(
            f"{URL}|!User-Agent=U+1%7C2&seekable=0\n",
            f"{URL}|!User-Agent=U+1%7C2&seekable=0&{OPTIONS[1:].split('&')[0]}\n",
            id="what says the same stays as it is",
        ),
        pytest.param(
            f"#KODIPROP:inputstream=a\n{PLAYBACK}\n",
            f"#KODIPROP:inputstream=a\n{URL}{OPTIONS}\n",
            id="Kodi's lines",
        ),
        pytest.param(
            f"#KODIPROP:inputstream.adaptive.stream_headers={OPTIONS[1:]}\n{PLAYBACK}\n",
            f"#KODIPROP:inputstream.adaptive.stream_headers={OPTIONS[1:]}\n{URL}\n",
            id="Kodi's lines say them",
        ),
    ],
)
def test_97_headers_are_written_where_kodi_plays(before: str, after: str) -> None:
    written = with_upstream_url(before.encode(), URL, HEADERS)
    assert written.decode() == after
    assert with_upstream_url(written, URL, HEADERS) == written
    assert lacks_headers(written, HEADERS) == ("KODI" not in after and "|" not in after)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(f"{URL}{OPTIONS}\n", id="headers"),
        pytest.param(f"# mine\n{URL}|seekable=0&verifypeer=false&{OPTIONS[1:]}\n", id="options"),
        pytest.param(f"#KODIPROP:a=b\n{URL}|seekable=0&{OPTIONS[1:]}\n", id="lines and options"),
        pytest.param(f"#KODIPROP:a=b\n{URL}{OPTIONS}\n", id="lines"),
    ],
)
def test_97_kodi_options_come_back_from_mode_proxy(before: str) -> None:
    proxied = with_playback_url(before.encode(), PLAYBACK)
    assert "|" not in proxied.decode().splitlines()[-1]
    assert "a.to" not in proxied.decode()
    assert with_playback_url(proxied, PLAYBACK) == proxied
    assert with_upstream_url(proxied, URL, HEADERS).decode() == before


@pytest.mark.parametrize("name", ["Encoding", "auth", "a|b", "a&b"])
def test_97_what_kodi_would_not_send_is_lacking(name: str) -> None:
    written = with_upstream_url(f"{URL}|X-A=1\n".encode(), URL, {name: "x"})
    assert written.decode() == f"{URL}|X-A=1\n"
    assert lacks_headers(written, {name: "x"})
