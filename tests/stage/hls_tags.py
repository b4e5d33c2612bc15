"""Playlists for tests, built from small objects that know which of their characters are URIs."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from strmctl.domain.hls import media_playlist_reader, multivariant_playlist, playlist_text
from strmctl.domain.hls.media_playlist import MediaPlaylist
from strmctl.domain.hls.multivariant_playlist import MultivariantPlaylist

URL = "https://cdn.example/show/index.m3u8?token=upstream"
PREFIX = "here/"


@dataclass(frozen=True)
class Uri:
    """Stands in a line where the upstream has this URI."""

    text: str


@dataclass(frozen=True)
class Line:
    """A line of a playlist; `dropped` says that it must not be in the rewritten one."""

    parts: tuple[str | Uri, ...]
    dropped: bool = False

    def __str__(self) -> str:
        return "".join(part.text if isinstance(part, Uri) else part for part in self.parts)

    def pattern(self) -> str:
        """What the rewritten line matches: the same, with some name for each URI."""
        return "".join(
            r'[^"\r\n]+' if isinstance(part, Uri) else re.escape(part) for part in self.parts
        )

    def uris(self) -> list[str]:
        return [part.text for part in self.parts if isinstance(part, Uri)]


def line(*parts: str | Uri) -> Line:
    return Line(parts)


def gone(*parts: str | Uri) -> Line:
    return Line(parts, dropped=True)


def tag(name: str, uri: str, before: str = "", behind: str = "") -> Line:
    """`#NAME:<before>URI="<uri>"<behind>`."""
    return Line((f'#{name}:{before}URI="', Uri(uri), f'"{behind}'))


def segment(uri: str, duration: float = 4.0, title: str = "") -> list[Line | str]:
    return [line(f"#EXTINF:{duration},{title}"), line(Uri(uri))]


def text_of(lines: Sequence[Line | str], end: str = "\n", *, final: bool = True) -> str:
    texts = ["#EXTM3U", *map(str, lines)]
    return end.join(texts) + (end if final else "")


def media(
    lines: Sequence[Line | str],
    *,
    url: str = URL,
    imported: Mapping[str, str] | None = None,
    is_subtitles: bool = False,
    previous: MediaPlaylist | None = None,
    end: str = "\n",
) -> MediaPlaylist:
    return media_playlist_reader.parse(
        text_of(lines, end),
        url,
        imported=imported,
        is_subtitles=is_subtitles,
        previous=previous,
    )


def rewritten(
    lines: Sequence[Line | str], link: Callable[[str], str | None] | None = None
) -> list[str]:
    """The lines behind #EXTM3U of the Media Playlist as a player gets them."""
    return media(lines).render(PREFIX, link).split("\n")[1:-1]


def uris(playlist: MediaPlaylist) -> dict[str, str]:
    """The upstream's URIs by name."""
    return {name: found.uri for name, found in playlist.resources.items()}


def multivariant(lines: Sequence[Line | str], url: str = URL) -> MultivariantPlaylist:
    return multivariant_playlist.parse(text_of(lines), url)


def rendered(playlist: MultivariantPlaylist) -> str:
    return playlist.render(lambda key: f"P/{key}", lambda name: f"D/{name}")


def rendered_lines(lines: Sequence[Line | str]) -> list[str]:
    """The lines behind #EXTM3U of the Multivariant Playlist as a player gets them."""
    return rendered(multivariant(lines)).split("\n")[1:-1]


def decoded(data: bytes) -> str:
    return playlist_text.decode(data)
