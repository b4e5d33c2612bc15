"""Row 52: a short clip with 200 where a film was is other content: resolved again."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from stage.film import FILM, V1, put_film
from stage.loopback import client as upstream_client
from stage.presentation import content
from stage.routes import file, playlist
from stage.show import Resolver, Show
from stage.site import running_site
from stage.upstream import Route
from stage.viewer import follow
from stage.waiting import until
from strmctl.domain.mapping import Resolution
from strmctl.domain.media.extent import Extent
from strmctl.domain.probe_result import Failure, ProbeResult
from strmctl.services.checking.check import LinkCheck

CLIP = content("removed", 5_000)


def listing(segments: int, end: str = "#EXT-X-ENDLIST\n") -> str:
    lines = "".join(f"#EXTINF:4.0,\n{number}.ts\n" for number in range(segments))
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:4\n{lines}{end}"


def first_then(first: Route, later: Route, show: Show) -> Route:
    """One thing until the show is asked for a second link."""
    return lambda request: (first if len(show.questions) < 2 else later)(request)


@pytest.mark.parametrize("wanted", ["", "bytes=0-", "bytes=500000-500099", "bytes=-100"])
def test_52_a_clip_in_a_film_s_place_is_resolved_again(
    wanted: str, show: Show, url: str, client: httpx.Client
) -> None:
    whole = file(FILM, etag=V1)
    put_film(show, whole, "file")
    assert client.head(url).headers["Content-Length"] == str(len(FILM))
    show.routes["film.mp4"] = first_then(file(CLIP), whole, show)
    fields = {"Range": wanted} if wanted else {}
    response = client.get(url, headers=fields)
    expected = client.get(url, headers=fields)
    assert response.status_code == (206 if wanted else 200)
    assert response.content == expected.content
    assert response.content != CLIP[: len(response.content)]
    assert len(show.questions) == 2


def test_52_a_clip_that_stays_is_an_honest_error(
    show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, file(FILM, etag=V1), "file")
    assert client.head(url).status_code == 200
    show.routes["film.mp4"] = file(CLIP)
    response = client.get(url, headers={"Range": "bytes=900000-"})
    assert response.status_code == 502
    assert response.json()["detail"] == "other content: 5 kB where there were 1 MB"
    assert len(show.questions) == 2


@pytest.mark.parametrize(
    ("is_master", "left"),
    [
        pytest.param(False, 2, id="media"),
        pytest.param(True, 2, id="multivariant"),
        pytest.param(False, 0, id="nothing"),
        pytest.param(True, 0, id="nothing in a variant"),
    ],
)
def test_52_a_short_playlist_in_a_film_s_place_is_resolved_again(
    is_master: bool, left: int, show: Show, url: str, client: httpx.Client
) -> None:
    name = "v.m3u8" if is_master else "index.m3u8"
    show.routes["index.m3u8"] = playlist("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n")
    film, clip = playlist(listing(100)), playlist(listing(left))
    show.routes[name] = lambda request: (clip if len(show.questions) == 2 else film)(request)
    address = follow(client, url)[0] if is_master else url
    segment = follow(client, address)[50]
    show.expire()
    assert client.get(segment).status_code == 404, "the second link brings a clip"
    until(lambda: client.get(address).status_code == 200, "the third link is asked for")
    assert len(follow(client, address)) == 100
    assert len(show.questions) == 3


@pytest.mark.parametrize(
    ("later", "is_other"),
    [
        pytest.param(lambda: file(CLIP), True, id="a clip"),
        pytest.param(lambda: file(FILM[:300_000]), False, id="another quality"),
        pytest.param(lambda: file(FILM + FILM), False, id="a better one"),
    ],
)
def test_52_probe_says_other_content(
    later: Callable[[], Route], is_other: bool, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, file(FILM, media_type="video/mp4"), "file")
    client.head(url)

    async def probed(known: Extent | None, *, deep: bool) -> ProbeResult:
        async with upstream_client() as upstream:
            resolution = Resolution(show.url(show.entry))
            return await LinkCheck(upstream).check(resolution, egress=None, deep=deep, known=known)

    for deep in (False, True):
        show.routes["film.mp4"] = file(FILM, media_type="video/mp4")
        known = asyncio.run(probed(None, deep=deep)).extent
        assert known is not None
        assert known.bytes == len(FILM)
        show.routes["film.mp4"] = later()
        result = asyncio.run(probed(known, deep=deep))
        assert (result.failure is Failure.OTHER_CONTENT) is is_other
        assert result.is_alive is not is_other


def test_52_a_length_that_a_person_has_accepted_plays(
    show: Show, resolver: Resolver, client: httpx.Client, tmp_path: Path
) -> None:
    """The server that runs has learned the old one, and hears of it."""
    put_film(show, file(FILM, etag=V1), "file")
    with running_site(tmp_path / "site", resolver.url) as site:
        number = str(site.strmctl.write(show.slug)["id"])
        url = site.playback_url(show)
        assert client.get(url).content == FILM
        show.routes["film.mp4"] = file(CLIP)
        assert client.get(url).status_code == 502

        def is_refused() -> bool:
            return site.strmctl.run("refresh", "--id", number).returncode == 12

        until(is_refused, "the length is stored", 60)
        accepted = site.strmctl.run("refresh", "--id", number, "--force")
        assert accepted.returncode == 0, accepted.stderr
        assert client.get(url).content == CLIP
        assert site.strmctl.run("refresh", "--id", number).returncode == 0
        show.routes["film.mp4"] = file(CLIP[:90])
        assert client.get(url).status_code == 502, "the new one is known"


def test_52_a_whole_library_accepts_no_other_length(
    show: Show, resolver: Resolver, client: httpx.Client, tmp_path: Path
) -> None:
    put_film(show, file(FILM, etag=V1), "file")
    with running_site(tmp_path / "site", resolver.url) as site:
        site.strmctl.write(show.slug)
        assert client.get(site.playback_url(show)).content == FILM
        show.routes["film.mp4"] = file(CLIP)
        # Wait with --id, which takes no lock, until the length is stored.
        until(lambda: site.strmctl.run("refresh", "--id", "1").returncode == 12, "it is stored", 60)
        run = site.strmctl.run("refresh", "--all", "--force")
        assert run.returncode == 12
        assert "other content: 5 kB where there were 1 MB" in run.stdout + run.stderr
