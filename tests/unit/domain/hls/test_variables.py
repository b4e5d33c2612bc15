"""EXT-X-DEFINE: what is substituted, and what a definition must not be able to do."""

import pytest

from stage.hls_tags import media, multivariant, rendered_lines, tag, uris
from strmctl.domain.hls import variables
from strmctl.domain.hls.playlist_text import NotAPlaylistError

URL = "https://cdn.example/a.m3u8?tok=a%20b%2Fc&empty=&two=1&two=2"


@pytest.mark.parametrize(
    ("definition", "uri"),
    [
        pytest.param('NAME="x",VALUE="v/w"', "v/w/0.ts", id="name and value"),
        pytest.param('VALUE="v",NAME="x"', "v/0.ts", id="value first"),
        pytest.param('NAME="x",VALUE=""', "/0.ts", id="empty value"),
        pytest.param('NAME="x"', "/0.ts", id="no value"),
        pytest.param('NAME="x",VALUE="{$y}"', "{$y}/0.ts", id="not recursive"),
        pytest.param('NAME="y",VALUE="v"', "{$x}/0.ts", id="another name"),
        pytest.param('IMPORT="x"', "parent's/0.ts", id="import"),
        pytest.param('IMPORT="z"', "{$x}/0.ts", id="import of the unknown"),
        pytest.param('NAME="unused",VALUE="v"', "{$x}/0.ts", id="not imported"),
    ],
)
def test_definition(definition: str, uri: str) -> None:
    playlist = media(
        [f"#EXT-X-DEFINE:{definition}", "{$x}/0.ts"], imported={"x": "parent's", "w": "other"}
    )
    assert uris(playlist) == {"0": uri}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("tok", "a b/c", id="decoded"),
        pytest.param("empty", "", id="empty"),
        pytest.param("two", "2", id="last of two"),
        pytest.param("none", "{$none}", id="absent"),
    ],
)
def test_query_parameter(name: str, value: str) -> None:
    playlist = media([f'#EXT-X-DEFINE:QUERYPARAM="{name}"', f"s?{{${name}}}"], url=URL)
    assert uris(playlist) == {"0": f"s?{value}"}


def test_the_upstreams_query_stays_out_of_the_text() -> None:
    text = media(
        ['#EXT-X-DEFINE:QUERYPARAM="tok"', "a?{$tok}", tag("EXT-X-KEY", "k?{$tok}")], url=URL
    )
    assert "a b/c" not in text.render()
    assert uris(text)["k1"] == "k?a b/c"


def test_where_references_stand() -> None:
    lines = [
        '#EXT-X-DEFINE:NAME="x",VALUE="v"',
        '#EXT-X-SESSION-DATA:DATA-ID="{$x}",VALUE="{$x}{$x}"',
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="g",NAME="n",URI="{$x}.m3u8"',
        "# {$x} is told to readers",
        "#EXT-X-STREAM-INF:BANDWIDTH=1",
        "{$x}/low.m3u8",
    ]
    playlist = multivariant(lines)
    assert [each.uri for each in playlist.renditions.values()] == ["v.m3u8", "v/low.m3u8"]
    assert playlist.variables == {"x": "v"}
    data, audio, comment, *_ = rendered_lines(lines)
    assert data == '#EXT-X-SESSION-DATA:DATA-ID="v",VALUE="vv"'
    assert 'URI="P/a' in audio
    assert comment == "# {$x} is told to readers"


def test_references_before_the_definition_stay() -> None:
    assert uris(media(["{$x}", '#EXT-X-DEFINE:NAME="x",VALUE="v"', "{$x}"])) == {
        "0": "{$x}",
        "1": "v",
    }


def test_a_reference_may_be_all_of_the_last_line() -> None:
    playlist = media(["a", '#EXT-X-DEFINE:NAME="x",VALUE=""', "{$x}"])
    assert uris(playlist) == {"0": "a"}


@pytest.mark.parametrize("char", ["%0A", "%0D", "%22", "%00", "%1F", "%7F"])
def test_a_query_cannot_add_lines_or_attributes(char: str) -> None:
    """An upstream that redirects chooses the query of the playlist's URL."""
    url = f"https://cdn.example/?x=a{char}https://evil.example/"
    text = media(
        ['#EXT-X-DEFINE:QUERYPARAM="x"', tag("EXT-X-KEY", "{$x}"), "#EXT-X-A:{$x}"], url=url
    )
    assert text.render() == '#EXTM3U\n#EXT-X-KEY:URI="k0.key"\n#EXT-X-A:{$x}\n'


def test_an_unquoted_value_cannot_add_attributes() -> None:
    playlist = media(['#EXT-X-DEFINE:NAME="x",VALUE=a"', "{$x}"])
    assert uris(playlist) == {"0": "{$x}"}


def test_growth_is_bounded() -> None:
    value = "v" * 1000
    lines = [f'#EXT-X-DEFINE:NAME="x",VALUE="{value}"', *["{$x}" * 100] * 200]
    with pytest.raises(NotAPlaylistError, match="variables"):
        media(lines)
    fitting = variables.MAX_GROWTH // 100_000
    assert len(media(lines[: 1 + fitting]).segments) == fitting
