"""Whatever an editor has made of a .strm, its URL is found; what is written is clean."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.library.strm_text import parse, render
from strmctl.errors import UsageError

URL = "http://127.0.0.1:8888/strm/stream?site=a&sig=x"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"{URL}", id="no final newline"),
        pytest.param(f"{URL}\n", id="LF"),
        pytest.param(f"{URL}\r\n", id="CRLF"),
        pytest.param(f"{URL}\r", id="CR"),
        pytest.param(f"\ufeff{URL}\n", id="BOM"),
        pytest.param(f"\ufeff \t{URL} \t\n", id="BOM and white space"),
        pytest.param(f"\n\r\n  \n{URL}\n\n", id="blank lines"),
        pytest.param(f"\u200b{URL}\u200b\0", id="invisible characters"),
        pytest.param(f"\u00a0{URL}\u3000\n", id="other spaces"),
        pytest.param(f"# a comment\n#KODIPROP:a=b\n{URL}\n", id="comments before"),
        pytest.param(f"{URL}\nhttp://other/\n", id="the first of two"),
    ],
)
def test_finds_the_url(content: str) -> None:
    assert parse(content.encode()).url == URL


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b" \r\n\t", b"# only a comment\n"])
def test_no_url(content: bytes) -> None:
    assert parse(content).url is None


def test_bytes_that_are_no_utf8_are_read() -> None:
    text = parse(b"# f\xfcr uns\n" + URL.encode())
    assert (text.url, text.comments) == (URL, ("# für uns",))


def test_unusual_line_ends_are_part_of_a_comment() -> None:
    assert parse(f"# a\u2028b\u0085c\n{URL}".encode()).comments == ("# a\u2028b\u0085c",)


def test_comments_stay_above_the_url() -> None:
    text = parse(f"\ufeff#KODIPROP:a=b\r\n{URL}\r\n  # after\r\n".encode())
    assert render(URL, text.comments) == f"#KODIPROP:a=b\n# after\n{URL}\n".encode()


@pytest.mark.parametrize(
    "url", ["", "#x", "http://a/ b", "http://a/\nb", "http://a/\x1b[0m", "http://a/\ud800"]
)
def test_refuses_what_is_no_line(url: str) -> None:
    with pytest.raises(UsageError, match=r"the URL for the \.strm"):
        render(url)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_and_written_back_the_same(content: bytes) -> None:
    text = parse(content)
    written = render(URL, text.comments)
    assert parse(written).comments == text.comments
    assert parse(written).url == URL
    assert render(URL, parse(written).comments) == written
