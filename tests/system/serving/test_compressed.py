"""Playlists in gzip for who takes it; segments and parts never."""

import gzip

import pytest

from stage.proxy import running_proxy
from stage.routes import file, playlist
from stage.show import Show
from stage.viewer import RawAnswer, ask_raw, uris_in
from strmctl.settings.model import Settings

SEGMENT = b"\x47" + bytes(187) * 20
LISTED = "".join(f"#EXTINF:4,\nsegment-{number}.ts\n" for number in range(5000))
LONG = f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n{LISTED}#EXT-X-ENDLIST\n"
SHORT = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nsegment-0.ts\n#EXT-X-ENDLIST\n"


def field(answer: RawAnswer, name: str) -> str:
    return ", ".join(answer.all_of(name))


def test_who_takes_gzip_gets_the_same_text(settings: Settings, show: Show) -> None:
    show.routes["index.m3u8"] = playlist(LONG)
    with running_proxy(settings) as proxy:
        url = proxy.playback_url(show.slug)
        plain = ask_raw(url)
        coded = ask_raw(url, "GET", "Accept-Encoding: deflate", "Accept-Encoding: gzip")
        again = ask_raw(url, "GET", "Accept-Encoding: gzip")
        head = ask_raw(url, "HEAD", "Accept-Encoding: gzip")
        refused = ask_raw(url, "GET", "Accept-Encoding: gzip;q=0")
    assert coded.body == again.body
    assert gzip.decompress(coded.body) == plain.body == refused.body
    assert len(coded.body) < len(LONG)
    assert field(coded, "Content-Encoding") == field(head, "Content-Encoding") == "gzip"
    assert field(plain, "Content-Encoding") == field(refused, "Content-Encoding") == ""
    assert field(coded, "Content-Length") == field(head, "Content-Length") == str(len(coded.body))
    assert {field(it, "Vary") for it in (plain, coded, head, refused)} == {"Accept-Encoding"}
    assert field(coded, "ETag") == field(head, "ETag") != field(plain, "ETag")


@pytest.mark.parametrize("accepted", ["Accept-Encoding: gzip", "Accept: */*"])
def test_who_has_its_form_is_told_so(settings: Settings, show: Show, accepted: str) -> None:
    show.routes["index.m3u8"] = playlist(LONG)
    with running_proxy(settings) as proxy:
        url = proxy.playback_url(show.slug)
        etag = field(ask_raw(url, "GET", accepted), "ETag")
        answer = ask_raw(url, "GET", accepted, f"If-None-Match: {etag}")
        other = ask_raw(url, "GET", accepted, 'If-None-Match: "another"')
    assert (answer.status, answer.body, field(answer, "ETag")) == (304, b"", etag)
    assert field(answer, "Vary") == "Accept-Encoding"
    assert other.status == 200


def test_nothing_else_is_compressed(settings: Settings, show: Show) -> None:
    show.routes |= {"index.m3u8": playlist(SHORT), "segment-0.ts": file(SEGMENT)}
    with running_proxy(settings) as proxy:
        url = proxy.playback_url(show.slug)
        short = ask_raw(url, "GET", "Accept-Encoding: gzip")
        [segment] = uris_in(short.body.decode())
        answer = ask_raw(segment, "GET", "Accept-Encoding: gzip")
        part = ask_raw(segment, "GET", "Accept-Encoding: gzip", "Range: bytes=0-9")
    for it in (short, answer, part):
        assert field(it, "Content-Encoding") == ""
    assert answer.body == SEGMENT
    assert (part.status, part.body) == (206, SEGMENT[:10])
