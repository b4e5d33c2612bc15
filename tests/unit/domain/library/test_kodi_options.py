"""What stands behind a URL for Kodi is told apart from it, and headers from other options."""

import pytest

from strmctl.domain.library.strm_text import parse, split_kodi_options

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
