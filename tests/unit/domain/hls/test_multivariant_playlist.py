"""Multivariant Playlists: what each tag becomes, and keys that outlive tokens."""

import re
from collections.abc import Sequence

import pytest

from stage.hls_tags import Line, multivariant, rendered, rendered_lines, tag
from strmctl.domain.hls.playlist_text import MAX_LINES, NotAPlaylistError

VARIANT = "#EXT-X-STREAM-INF:BANDWIDTH=800000,RESOLUTION=640x360"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        pytest.param(f"{VARIANT}\nlow.m3u8", rf"{VARIANT}\nP/v\w{{8}}", id="variant"),
        pytest.param(
            f"{VARIANT}\n# why\n\n  low.m3u8 ", rf"{VARIANT}\n# why\n\nP/v\w{{8}}", id="between"
        ),
        pytest.param(
            '#EXT-X-MEDIA:URI="a",TYPE=AUDIO,NAME="x,URI=y"',
            r'#EXT-X-MEDIA:URI="P/a\w{8}",TYPE=AUDIO,NAME="x,URI=y"',
            id="audio",
        ),
        pytest.param(
            '#EXT-X-MEDIA:TYPE=SUBTITLES,URI="a"', r'…SUBTITLES,URI="P/s\w{8}"', id="subtitles"
        ),
        pytest.param('#EXT-X-MEDIA:TYPE=VIDEO,URI="a"', r'…VIDEO,URI="P/w\w{8}"', id="video"),
        pytest.param(
            '#EXT-X-I-FRAME-STREAM-INF:URI="https://b.example/i",BANDWIDTH=1',
            r'#EXT-X-I-FRAME-STREAM-INF:URI="P/i\w{8}",BANDWIDTH=1',
            id="I-frames, URI first",
        ),
        pytest.param(
            '#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI="i"',
            r'#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI="P/j\w{8}"',
            id="images",
        ),
        pytest.param(
            '#EXT-X-SESSION-KEY:METHOD=AES-128,URI="k"', '…AES-128,URI="D/k0.bin"', id="session key"
        ),
        pytest.param(
            '#EXT-X-SESSION-DATA:DATA-ID="a",URI="d.json",FORMAT=JSON',
            '#EXT-X-SESSION-DATA:DATA-ID="a",URI="D/d0.json",FORMAT=JSON',
            id="session data",
        ),
        pytest.param('#EXT-X-FUTURE:URI ="https://x/"', '…URI ="D/x0.bin"', id="unknown tag"),
        pytest.param(f'{VARIANT},URI="https://x/"', f'{VARIANT},URI="D/x0.bin"', id="odd URI"),
        # Tags that go
        pytest.param('#EXT-X-CONTENT-STEERING:SERVER-URI="/s"', None, id="steering"),
        pytest.param('#EXT-X-DEFINE:NAME="a",VALUE="b"', None, id="define"),
        pytest.param('#EXT-X-DATERANGE:ID="a",X-ASSET-URI="https://x/"', None, id="interstitial"),
        # Everything else stays
        pytest.param('#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,INSTREAM-ID="CC1"', "=", id="captions"),
        pytest.param('#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a"', "=", id="muxed audio"),
        pytest.param('#EXT-X-MEDIA:TYPE=AUDIO,URI=""', "=", id="empty URI"),
        pytest.param('#EXT-X-SESSION-KEY:METHOD=X,URI="skd://k"', "=", id="skd:"),
        pytest.param('#EXT-X-SESSION-DATA:DATA-ID="a",VALUE="URI=b"', "=", id="data by value"),
        pytest.param('#EXT-X-SESSION-DATA:URI="data:,a"', "=", id="data:"),
        pytest.param("#EXT-X-INDEPENDENT-SEGMENTS", "=", id="no list"),
        pytest.param("#EXT-X-START:TIME-OFFSET=5", "=", id="start"),
        pytest.param('# URI="x"', "=", id="comment"),
        pytest.param("#\x85\u2028é\udcff", "=", id="odd characters"),
        pytest.param("", "=", id="blank line"),
    ],
)
def test_a_line_is_kept_edited_or_gone(given: str, wanted: str | None) -> None:
    text = "\n".join(rendered_lines([given]))
    if wanted is None:
        assert text == ""
    elif wanted == "=":
        assert text == given
    elif wanted.startswith("…"):
        assert re.search(re.escape(given.split(":")[0]) + ".*" + wanted[1:] + "$", text)
    else:
        assert re.fullmatch(wanted, text)


def variants(*attributes: str, token: str = "t") -> list[str]:
    lines = []
    for number, each in enumerate(attributes):
        lines += [f"#EXT-X-STREAM-INF:{each}", f"v{number}.m3u8?{token}"]
    return lines


def uris_by_key(lines: Sequence[str | Line]) -> dict[str, str]:
    return {key: each.uri for key, each in multivariant(lines).renditions.items()}


LOW, HIGH = "BANDWIDTH=800,RESOLUTION=640x360", "BANDWIDTH=3000,RESOLUTION=1280x720"


def test_keys_outlive_tokens_hosts_and_order() -> None:
    before = uris_by_key(variants(LOW, HIGH))
    lines = variants(HIGH, LOW, token="https://other.example/new")
    after = uris_by_key(lines)
    assert set(before) == set(after)
    names = {uri.partition(".")[0]: key for key, uri in before.items()}
    assert after[names["v0"]].startswith("v1")
    assert after[names["v1"]].startswith("v0")


def test_keys_outlive_the_order_of_attributes_and_new_ones() -> None:
    before = uris_by_key(variants('RESOLUTION=1x1,CODECS="a,b",BANDWIDTH=5'))
    after = uris_by_key(variants('X-NEW=1,CODECS="a,b",SCORE=2,BANDWIDTH=6,RESOLUTION=1x1'))
    assert set(before) == set(after)


@pytest.mark.parametrize(
    "attribute",
    [
        "RESOLUTION=1x2",
        'CODECS="c"',
        "FRAME-RATE=50.000",
        "VIDEO-RANGE=PQ",
        'AUDIO="other"',
        'SUBTITLES="other"',
        'PATHWAY-ID="B"',
    ],
)
def test_what_describes_a_rendition_tells_it_apart(attribute: str) -> None:
    assert len(uris_by_key(variants("BANDWIDTH=1", f"BANDWIDTH=1,{attribute}"))) == 2
    apart = uris_by_key(variants("BANDWIDTH=1", f"BANDWIDTH=1,{attribute}"))
    assert not any("-" in key for key in apart)


def test_equal_descriptions_are_told_apart_by_bandwidth() -> None:
    one, two, three = (f"BANDWIDTH={each},RESOLUTION=1x1" for each in (100, 90, 1000))
    before = uris_by_key(variants(one, two, three))
    after = uris_by_key(variants(three, one, two))
    assert [uri[:2] for uri in before.values()] == ["v1", "v0", "v2"]
    assert [uri[:2] for uri in after.values()] == ["v2", "v1", "v0"]
    assert list(before) == list(after)


def test_backup_variants_keep_their_order() -> None:
    keys = list(uris_by_key(variants(LOW, LOW)))
    assert keys == [keys[0], f"{keys[0]}-1"]


@pytest.mark.parametrize("bandwidth", ["", "x", "-1", "9" * 5000, "\u0661"])
def test_odd_bandwidths_are_read_as_none(bandwidth: str) -> None:
    assert len(uris_by_key(variants(f"BANDWIDTH={bandwidth}", "BANDWIDTH=1"))) == 2


def test_data_have_names_of_their_own() -> None:
    playlist = multivariant(
        [tag("EXT-X-SESSION-KEY", "k"), tag("EXT-X-SESSION-DATA", "d.json"), tag("EXT-X-A", "x.é")]
    )
    assert playlist.data == {"k0": "k", "d1": "d.json", "x2": "x.é"}
    assert re.findall('D/[^"]+', rendered(playlist)) == ["D/k0.bin", "D/d1.json", "D/x2.bin"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_line_ends_stay(end: str) -> None:
    lines = [VARIANT, "low.m3u8", "", VARIANT, "high.m3u8"]
    text = multivariant([end.join(lines)]).render(lambda key: "low.m3u8", str)
    assert text == "#EXTM3U\n" + end.join([*lines[:-1], "low.m3u8"]) + "\n"


def test_nul_is_dropped() -> None:
    assert "\0" not in rendered(multivariant(["#\0", "a\0b", tag("EXT-X-A", "\0")]))


def test_too_many_lines() -> None:
    with pytest.raises(NotAPlaylistError, match="lines"):
        multivariant([""] * (MAX_LINES + 1))


def test_secrets_stay_out_of_repr() -> None:
    playlist = multivariant([*variants(LOW, token="secret"), tag("EXT-X-A", "secret")])
    assert "secret" not in repr(playlist)
