"""What holds for every playlist: no URI of the upstream gets out, no other byte is changed."""

import re
from collections.abc import Callable, Iterator, Sequence

import m3u8  # type: ignore[import-untyped]  # it has no types
import pytest
from hypothesis import example, given, strategies as st

from stage.growth import grows_linearly
from stage.hls_tags import (
    PREFIX,
    URL,
    Line,
    Uri,
    gone,
    line,
    media,
    multivariant,
    rendered,
    tag,
    text_of,
    uris,
)
from strmctl.domain.hls import media_playlist_reader, multivariant_playlist, playlist_text
from strmctl.domain.hls.playlist_text import NotAPlaylistError

SECRET = "s3cret"
upstream_uris = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(
            ["", "/", "../", f"//{SECRET}.example/", f"https://{SECRET}.example:8443/"]
        ),
        st.sampled_from([f"{SECRET}/", f"{SECRET},a=b/", f"{SECRET}é#/"]),
        st.sampled_from(["0", "1", "2"]),
        st.sampled_from(["", ".ts", ".jpg", ".m4s", ".vtt"]),
        st.sampled_from(["", f"?token={SECRET}", "?a,b=URI"]),
    ),
)
quoted = st.text(st.sampled_from("aé,=# U+RI\u2028\x85\udcff"), max_size=8)
attributes = st.one_of(
    st.just(""),
    quoted.map(lambda text: f'NAME="{text}",'),
    quoted.map(lambda text: f'X-URI="{text}",'),
)
harmless = st.one_of(
    st.just(line("")),
    quoted.map(lambda text: line(f"# {text}")),
    quoted.map(lambda text: line(f'#EXT-X-NEW:NAME="{text}"')),
    st.sampled_from(["#EXT-X-GAP", "#EXT-X-DISCONTINUITY", "#EXT-X-BITRATE:9"]).map(line),
)
with_uri = st.builds(
    tag,
    st.sampled_from(["EXT-X-KEY", "EXT-X-MAP", "EXT-X-PART", "EXT-X-NEW"]),
    upstream_uris,
    before=attributes,
    behind=st.sampled_from(["", ",METHOD=AES-128", ',FORMAT="a,b"']),
)
media_lines = st.one_of(
    harmless,
    with_uri,
    st.builds(
        lambda title, uri: [line(f"#EXTINF:4,{title}"), line(Uri(uri))], quoted, upstream_uris
    ),
    st.just([gone("#EXT-X-BYTERANGE:5@0"), line("#EXTINF:1,"), line(Uri(SECRET))]),
    st.just(gone('#EXT-X-DATERANGE:ID="a",X-ASSET-URI="https://s3cret.example/"')),
)
root_lines = st.one_of(
    harmless,
    st.builds(
        tag,
        st.sampled_from(
            ["EXT-X-MEDIA", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-SESSION-KEY", "EXT-X-SESSION-DATA"]
        ),
        upstream_uris,
        before=attributes,
    ),
    st.builds(
        lambda bandwidth, uri: [line(f"#EXT-X-STREAM-INF:BANDWIDTH={bandwidth}"), line(Uri(uri))],
        st.integers(0, 3),
        upstream_uris,
    ),
    st.just(gone("#EXT-X-CONTENT-STEERING:SERVER-URI=https://s3cret.example/")),
)


def flat(items: Sequence[Line | list[Line]]) -> list[Line]:
    return [each for item in items for each in (item if isinstance(item, list) else [item])]


def check(given_lines: Sequence[Line], text: str, end: str) -> None:
    """Line by line the same but for the URIs, of which nothing is left."""
    kept = [each for each in given_lines if not each.dropped]
    pattern = re.escape(end).join(["#EXTM3U", *(each.pattern() for each in kept)])
    assert re.fullmatch(pattern + re.escape(end), text)
    assert SECRET not in text


@given(st.lists(media_lines, max_size=12).map(flat), st.sampled_from(["\n", "\r\n", "\r"]))
def test_media_playlists(lines: list[Line], end: str) -> None:
    playlist = media(lines, end=end)
    text = playlist.render(PREFIX)
    check(lines, text, end)
    found = {uri for each in lines if not each.dropped for uri in each.uris()}
    assert set(uris(playlist).values()) == found
    assert text.count(PREFIX) == sum(len(each.uris()) for each in lines)
    again = media(lines, end=end, previous=playlist)
    assert again.render(PREFIX) == text, "loaded again it has the same names"


@given(st.lists(root_lines, max_size=12).map(flat), st.sampled_from(["\n", "\r\n", "\r"]))
def test_multivariant_playlists(lines: list[Line], end: str) -> None:
    playlist = multivariant_playlist.parse(text_of(lines, end), URL)
    text = rendered(playlist)
    check(lines, text, end)
    assert rendered(multivariant_playlist.parse(text_of(lines, end), URL)) == text
    found = [each.uri for each in playlist.renditions.values()] + list(playlist.data.values())
    assert sorted(found) == sorted(uri for each in lines for uri in each.uris())


@given(st.lists(media_lines, max_size=8).map(flat))
def test_every_name_in_the_text_is_a_resource(lines: list[Line]) -> None:
    playlist = media(lines)
    names = re.findall(rf"{PREFIX}([0-9a-z-]+)\.", playlist.render(PREFIX))
    assert set(names) == set(playlist.resources)


@given(st.integers(0, 40), st.integers(0, 40), st.booleans())
def test_windows_agree_on_names(first: int, step: int, has_token: bool) -> None:
    """Whatever two windows of one stream have in common is called the same."""

    def window(start: int, token: str) -> list[Line | str]:
        lines: list[Line | str] = [f"#EXT-X-MEDIA-SEQUENCE:{start}"]
        for number in range(start, start + 20):
            if number == start or number % 7 == 0:
                lines.append(tag("EXT-X-KEY", f"k{number // 7}?{token}"))
            lines += ["#EXTINF:4,", f"{number}.ts"]
        return lines

    old = media(window(first, "old"))
    new = media(window(first + step, "new" if has_token else "old"), previous=old)
    for each in new.segments:
        before = old.segment(each.number)
        assert before is None or before.keys == each.keys


def test_the_m3u8_library_sees_names_only() -> None:
    lines = flat(
        [
            line("#EXT-X-TARGETDURATION:4"),
            tag("EXT-X-KEY", f"https://{SECRET}.example/k", "METHOD=AES-128,"),
            tag("EXT-X-MAP", f"/{SECRET}/i.mp4"),
            [line("#EXTINF:4,"), line(Uri(f"{SECRET}.ts"))],
            line("#EXT-X-ENDLIST"),
        ]
    )
    read = m3u8.loads(media(lines).render())
    assert [(each.uri, each.key.uri, each.init_section.uri) for each in read.segments] == [
        ("0.m4s", "k0.key", "i0.mp4")
    ]
    root = m3u8.loads(
        rendered(
            multivariant(
                [
                    "#EXT-X-STREAM-INF:BANDWIDTH=1",
                    SECRET,
                    tag("EXT-X-MEDIA", SECRET, 'TYPE=AUDIO,GROUP-ID="a",NAME="n",'),
                ]
            )
        )
    )
    assert [each.uri[:2] for each in (*root.playlists, *root.media)] == ["P/", "P/"]


# --- hostile playlists, read as players read them -----------------------------------------------

EVIL = ("https://evil.example/x", "//evil.example/x", "HTTP://evil.example")
pieces = st.sampled_from(
    [
        *EVIL,
        "#EXTM3U",
        "#EXTINF:4,",
        "#EXT-X-KEY:",
        "#EXT-X-KEY :",
        "#EXT-X-MAP:",
        "#EXT-X-PART:",
        "#EXT-X-PRELOAD-HINT:",
        "#EXT-X-RENDITION-REPORT:",
        "#EXT-X-SESSION-DATA:",
        "#EXT-X-MEDIA:",
        "#EXT-X-STREAM-INF:",
        "#EXT-X-CONTENT-STEERING:",
        "#EXT-X-DATERANGE:",
        "#EXT-X-FOO_bar:",
        '#EXT-X-DEFINE:NAME="a",VALUE="https://evil.example/v"\n',
        '#EXT-X-DEFINE:QUERYPARAM="q"\n',
        "{$a}",
        "{$q}",
        "URI",
        "SERVER-URI",
        "X-ASSET-URI",
        'URI="',
        "=",
        '"',
        ",",
        " ",
        "\t",
        "\v",
        "\u00a0",
        "\ufeff",
        "\u2028",
        "\r",
        "\n",
        "A=1",
        'BYTERANGE="5@0"',
        "TYPE=MAP",
        "#",
        "é",
        "\udcff",
    ]
)
hostile = st.lists(pieces, max_size=25).map("".join)
HOSTILE_URL = "https://cdn.example/?q=%22%0Ahttps://evil.example/q%22"


def leads_away(uri: str) -> bool:
    return (
        re.match(r"(https?:)?//", re.sub(r"[\t\r\n]", "", uri).strip(), re.IGNORECASE) is not None
    )


def attributes_to_ffmpeg(text: str) -> Iterator[tuple[str, str]]:
    """White space and commas separate; a name is all up to the next "="."""
    position = 0
    while position < len(text):
        if text[position] in ", \t\v\f":
            position += 1
            continue
        equals = text.find("=", position)
        if equals < 0:
            return
        name, position = text[position:equals], equals + 1
        if text[position : position + 1] == '"':
            end = text.find('"', position + 1)
            end = len(text) if end < 0 else end
            yield name, text[position + 1 : end]
            position = end + 1
        else:
            value = re.split(r"[, \t\v\f]", text[position:], maxsplit=1)[0]
            yield name, value
            position += len(value)


def attributes_to_browsers(text: str) -> Iterator[tuple[str, str]]:
    """Names are trimmed of any white space and may follow whatever stood there."""
    for name, value in re.findall(r'([^=,]+)=("[^"]*"|[^,]*)', text):
        yield name.strip().strip("\ufeff").strip(), value.strip().strip('"')


def uris_to_players(text: str) -> Iterator[str]:
    for each in re.split(r"[\r\n]+", text):
        if not each.startswith("#"):
            yield each
        if each.startswith("#EXT"):
            name, _, rest = each.partition(":")
            for key, value in (*attributes_to_ffmpeg(rest), *attributes_to_browsers(rest)):
                is_asset = name == "#EXT-X-DATERANGE" and key == "X-ASSET-URI"
                is_steering = name == "#EXT-X-CONTENT-STEERING" and key == "SERVER-URI"
                if key == "URI" or is_asset or is_steering:
                    yield value


@given(hostile)
@example('#EXT-X-KEY:A=1,\vURI="https://evil.example/x"')
@example('#EXT-X-KEY:URI ="https://evil.example/x"')
@example('#EXT-X-KEY:A=1 URI="https://evil.example/x"')
@example('#EXT-X-FOO_bar:URI="https://evil.example/x"')
@example('#EXT-X-CONTENT-STEERING:SERVER-URI="https://evil.example/x"')
@example('#EXT-X-DEFINE:QUERYPARAM="q"\n#EXT-X-KEY:URI="{$q}"')
def test_nothing_leads_around_the_proxy(body: str) -> None:
    text = f"#EXTM3U\n{body}"
    try:
        if playlist_text.is_multivariant(text):
            result = rendered(multivariant_playlist.parse(text, HOSTILE_URL))
        else:
            result = media_playlist_reader.parse(text, HOSTILE_URL).render(PREFIX, lambda uri: "L")
    except NotAPlaylistError:
        return
    assert not [uri for uri in uris_to_players(result) if leads_away(uri)]


@given(hostile)
def test_both_readers_survive_anything(body: str) -> None:
    text = f"#EXTM3U\n{body}"
    first = rendered(multivariant_playlist.parse(text, HOSTILE_URL))
    assert not [uri for uri in uris_to_players(first) if leads_away(uri)]
    try:
        playlist = media_playlist_reader.parse(text, HOSTILE_URL)
    except NotAPlaylistError:
        return
    assert "\0" not in playlist.render()


LONGEST = "#" * (playlist_text.MAX_LINE - 2)


@pytest.mark.timeout(100)
@pytest.mark.parametrize(
    ("body", "small"),
    [
        pytest.param(
            lambda size: '#EXT-X-RENDITION-REPORT:URI="a"\n' * size + LONGEST, 2_000, id="reports"
        ),
        pytest.param(lambda size: f"{LONGEST}\n" * size, 8, id="longest lines"),
        pytest.param(lambda size: "#" * size, 8_000, id="one line"),
        pytest.param(
            lambda size: ('#EXT-X-KEY:URI="' + "a," * 32_000 + "\n") * size,
            8,
            id="long attribute lists",
        ),
        pytest.param(lambda size: '#EXT-X-KEY:URI="' + "a," * size, 4_000, id="one long list"),
        pytest.param(lambda size: _numbered("MAP", size), 1_500, id="maps"),
        pytest.param(lambda size: _numbered("PART", size), 1_500, id="parts"),
        pytest.param(lambda size: "#EXT-X-DEFINE:QUERYPARAM=q\n" * size, 5_000, id="definitions"),
        pytest.param(lambda size: "# c\n" * size, 5_000, id="comments"),
    ],
)
def test_hostile_lengths_take_linear_time(body: Callable[[int], str], small: int) -> None:
    def read(size: int) -> None:
        text = f"#EXTM3U\n{body(size)}\n"
        media_playlist_reader.parse(text, URL).render("p/", lambda uri: None)
        rendered(multivariant_playlist.parse(text, URL))

    assert grows_linearly(read, small)


def _numbered(name: str, count: int) -> str:
    return "\n".join(f'#EXT-X-{name}:URI="{number}"' for number in range(count))
