"""A film in three places: a plain file, a segment, and a part of a file that a byte range names."""

import httpx

from stage.presentation import content
from stage.routes import playlist
from stage.show import Show
from stage.upstream import Answer, Request, Route
from stage.viewer import follow
from strmctl.domain.http.ranges import ContentRange, select_range

FILM = content("film", 1_000_000)
OTHER = content("another film", 1_000_000)
V1, V2 = '"v1"', '"v2"'
MONDAY, TUESDAY = "Mon, 16 Nov 2026 10:00:00 GMT", "Tue, 17 Nov 2026 10:00:00 GMT"


def aligned(least: int, most: int) -> Route:
    """The film from a server whose parts begin at whole blocks, and are no longer than one."""

    def route(request: Request) -> Answer:
        wanted = select_range(request.fields.get("range"), len(FILM))
        if wanted is None:
            return Answer(200, FILM, {"ETag": V1})
        first = wanted.first - wanted.first % least
        part = ContentRange(first, min(first + most, len(FILM)) - 1, len(FILM))
        fields = {"ETag": V1, "Content-Range": part.field()}
        return Answer(206, FILM[part.first : part.last + 1], fields)

    return route


def put_film(show: Show, route: Route, place: str, *, part: str = "900000@50000") -> None:
    """As a plain file, as a segment, or as the middle of a file that a byte range names."""
    if place == "file":
        show.entry = "film.mp4"
    elif place == "segment":
        show.routes["index.m3u8"] = playlist("#EXTM3U\n#EXTINF:9,\nfilm.mp4\n#EXT-X-ENDLIST\n")
    else:
        show.routes["index.m3u8"] = playlist(
            f"#EXTM3U\n#EXTINF:9,\n#EXT-X-BYTERANGE:{part}\nfilm.mp4\n#EXT-X-ENDLIST\n"
        )
    show.routes["film.mp4"] = route


def address_of_film(client: httpx.Client, url: str, place: str) -> str:
    return url if place == "file" else follow(client, url)[0]
