"""`type = "stremio"` against a real server that answers as addons do, and as they should not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stage.answering import Asked, Reply, Server, answering
from stage.asking import EPISODE, MOVIE, REQUEST, ask, refusal, table
from strmctl.domain.external_ids import ExternalIds
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.errors import SettingsError
from strmctl.resolvers.addon import offers
from strmctl.resolvers.answer import MAX_BYTES
from strmctl.resolvers.contract import Reason, ResolveRequest
from strmctl.resolvers.registry import Registry
from strmctl.settings.model import ResolverSettings, Settings

IMDB = ExternalIds(imdb="tt0388629")
ANY = Identity("site.example", "one-piece", "German Dub", 1, 2)
QUESTION = ResolveRequest(ANY, Reason.PLAY, ids=IMDB)
A = "https://a.example/manifest.json"
MANIFEST = {"id": "org.example", "name": "Example", "resources": ["stream"], "types": ["series"]}
SECRET = "https://cdn.example/v.m3u8?token=secret"
STREAMS = [
    {"name": "Torrent", "infoHash": "a" * 40},
    {"name": "One\n480p", "title": "Show S01E02 WEBRip", "url": "https://cdn.example/480"},
    {
        "name": "Two",
        "description": "1080p CAM",
        "url": "https://cdn.example/cam",
        "behaviorHints": {"filename": "Show.S01E02.CAM.mkv"},
    },
    {
        "name": "Three",
        "url": "https://cdn.example/1080",
        "behaviorHints": {
            "filename": "Show.S01E02.1080p.mkv",
            "proxyHeaders": {"request": {"Referer": "https://site.example/", "Host": "dropped"}},
        },
    },
]


def streams(*found: object) -> Reply:
    return Reply(body=json.dumps({"streams": list(found)}).encode())


def addon(reply: Reply, manifest: Reply | None = None) -> Any:
    about = manifest or Reply(body=json.dumps(MANIFEST).encode())
    return answering(lambda asked: about if "/manifest.json" in asked.target else reply)


def of(server: Server, path: str = "/manifest.json", **options: Any) -> ResolverSettings:
    return table("stremio", url=f"http://127.0.0.1:{server.port}{path}", **options)


@pytest.fixture
def three() -> Iterator[Server]:
    with addon(streams(*STREAMS)) as server:
        yield server


@pytest.mark.parametrize(
    ("path", "request_", "target"),
    [
        pytest.param(
            "/manifest.json", QUESTION, "/stream/series/tt0388629:1:2.json", id="an episode"
        ),
        pytest.param(
            "/manifest.json",
            ResolveRequest(MOVIE, Reason.PLAY, ids=IMDB),
            "/stream/movie/tt0388629.json",
            id="a film",
        ),
        pytest.param(
            "/manifest.json",
            ResolveRequest(Identity("s.example", "x", "de", 0, 3), Reason.PLAY, ids=IMDB),
            "/stream/series/tt0388629:0:3.json",
            id="a special",
        ),
        pytest.param(
            "/manifest.json",
            ResolveRequest(Identity("s.example", "tt0111161", "de"), Reason.PLAY),
            "/stream/movie/tt0111161.json",
            id="a slug that is the id",
        ),
        pytest.param(
            "/a%7Cb=c,d%2Fe/f/manifest.json",
            QUESTION,
            "/a%7Cb=c,d%2Fe/f/stream/series/tt0388629:1:2.json",
            id="a user's configuration",
        ),
        pytest.param(
            "/%7B%22key%22%3A%221%22%7D/manifest.json/",
            QUESTION,
            "/%7B%22key%22%3A%221%22%7D/stream/series/tt0388629:1:2.json",
            id="a trailing slash",
        ),
        pytest.param(
            "/u//manifest.json?key=a%20b&c",
            QUESTION,
            "/u//stream/series/tt0388629:1:2.json?key=a%20b&c",
            id="a query, an empty segment",
        ),
    ],
)
async def test_where_it_asks(
    three: Server, path: str, request_: ResolveRequest, target: str
) -> None:
    await ask(of(three, path, headers={"X-Key": "k"}), request_)
    [asked] = three.asked
    assert asked.target == target
    assert asked.headers["X-Key"] == "k"
    assert asked.headers["Accept"] == "application/json"


@pytest.mark.parametrize(
    ("options", "url", "provider"),
    [
        pytest.param({}, "480", "One 480p", id="the addon's order"),
        pytest.param({"prefer": "1080P"}, "cam", "Two", id="a pattern, in a description"),
        pytest.param({"prefer": ["2160p", r"s\d+e\d+\.1080p"]}, "1080", "Three", id="file name"),
        pytest.param({"prefer": ["x", "^three$"]}, "1080", "Three", id="a name"),
        pytest.param({"prefer": "none of them"}, "480", "One 480p", id="nothing is preferred"),
        pytest.param({"reject": ["480", r"\bcam\b"]}, "1080", "Three", id="rejected"),
        pytest.param({"prefer": "1080", "reject": "CAM"}, "1080", "Three", id="both"),
        pytest.param({"prefer": "", "reject": []}, "480", "One 480p", id="empty ones"),
    ],
)
async def test_which_stream(
    three: Server, options: dict[str, Any], url: str, provider: str
) -> None:
    found = await ask(of(three, **options), QUESTION)
    assert (found.url, found.provider) == (f"https://cdn.example/{url}", provider)


async def test_its_headers_go_with_it(three: Server) -> None:
    assert await ask(of(three, prefer="three"), QUESTION) == Resolution(
        "https://cdn.example/1080", {"Referer": "https://site.example/"}, "Three"
    )


@pytest.mark.parametrize(
    ("urls", "providers", "url"),
    [
        pytest.param(["480"], [], "cam", id="the next one"),
        pytest.param(["480", "cam"], [], "1080", id="the one after that"),
        pytest.param([], ["One 480p"], "cam", id="a provider"),
        pytest.param(["cam"], ["One 480p"], "1080", id="both"),
        pytest.param(["480", "cam", "1080"], [], "480", id="all have failed: the first again"),
        pytest.param(["cam", "1080"], ["One 480p"], "480", id="rather than what has failed"),
    ],
)
async def test_what_has_failed_is_avoided(
    three: Server, urls: list[str], providers: list[str], url: str
) -> None:
    avoided = [f"https://cdn.example/{name}" for name in urls]
    request = ResolveRequest(ANY, Reason.PLAY, avoided, providers, 403, ids=IMDB)
    assert (await ask(of(three), request)).url == f"https://cdn.example/{url}"


@pytest.mark.parametrize(
    ("provider", "what"),
    [
        pytest.param("three", None, id="one of them"),
        pytest.param("VOE", "no stream by VOE: there is One 480p, Two, Three", id="none of them"),
    ],
)
async def test_a_provider_that_the_user_insists_on(
    three: Server, provider: str, what: str | None
) -> None:
    identity = Identity("site.example", "one-piece", "German Dub", 1, 2, provider)
    request = ResolveRequest(identity, Reason.PLAY, ids=IMDB)
    if what is None:
        assert (await ask(of(three), request)).provider == "Three"
    else:
        error = await refusal(of(three), request)
        assert what in str(error)
        assert error.http_status == 404


async def test_a_stream_without_a_name_has_the_addons() -> None:
    with addon(streams({"url": SECRET}, {"url": "https://cdn.example/2"})) as server:
        assert (await ask(of(server), QUESTION)).provider == "Example"


async def test_and_none_where_the_addon_does_not_say_it() -> None:
    with addon(streams({"url": SECRET}), Reply(500)) as server:
        assert (await ask(of(server), QUESTION)).provider is None


@pytest.mark.parametrize(
    ("reply", "status", "what"),
    [
        pytest.param(streams(), 404, "no such episode: site.example/one-piece S01E02", id="none"),
        pytest.param(Reply(body=b'{"streams": null}'), 404, "no such episode", id="null"),
        pytest.param(Reply(body=b"{}"), 404, "no such episode", id="no list at all"),
        pytest.param(
            streams(
                {"infoHash": "a" * 40},
                {"ytId": "secret"},
                {"externalUrl": "https://shop.example/?secret"},
                {"url": "magnet:?xt=secret"},
                {"url": "rtmp://secret/a"},
                {"url": 7},
                {"url": None},
                ["secret"],
                "secret",
                None,
            ),
            404,
            "no URL among its 10 streams",
            id="what cannot be fetched",
        ),
        pytest.param(Reply(404, b"<html>"), 404, "no such episode", id="404 of a living addon"),
        pytest.param(Reply(body=b'{"streams": {"a": 1}}'), 502, "not a list", id="an object"),
        pytest.param(Reply(body=b"[]"), 502, "not an object", id="a list"),
        pytest.param(Reply(body=b"<html>secret"), 502, "no JSON but HTML", id="HTML"),
        pytest.param(Reply(body=b""), 502, "no JSON but nothing", id="empty"),
        pytest.param(Reply(body=b" " * (MAX_BYTES + 1)), 502, "more than 1048576", id="endless"),
        pytest.param(Reply(500, b'{"err": "handler error"}'), 502, "HTTP 500", id="500"),
        pytest.param(Reply(401), 502, "HTTP 401", id="401"),
        pytest.param(Reply(503), 502, "HTTP 503", id="503 without Retry-After"),
        pytest.param(
            Reply(307, headers={"Location": "http://other.example/secret"}),
            502,
            "HTTP 307: redirects are not followed",
            id="a redirect to another host",
        ),
        pytest.param(
            Reply(307, headers={"Location": "/stream/secret"}), 502, "more than 3 times", id="loop"
        ),
        pytest.param(Reply(302), 502, "more than 3 times", id="a redirect to itself"),
        pytest.param(streams({"url": "https://a@b/"}), 502, "user name", id="a URL with a user"),
        pytest.param(
            streams({"url": "https://cdn.example/v.mpd?secret"}), 502, "DASH", id="a DASH manifest"
        ),
    ],
)
async def test_everything_else_is_one_line(reply: Reply, status: int, what: str) -> None:
    with addon(reply) as server:
        error = await refusal(of(server, "/secret/manifest.json?key=secret"), QUESTION)
    assert what in str(error)
    assert "secret" not in str(error)
    assert (error.http_status, error.retry_after) == (status, None)


async def test_rejecting_all_is_an_answer(three: Server) -> None:
    error = await refusal(of(three, reject=".*"), QUESTION)
    assert "[resolvers.mine] reject leaves none of its 3 streams" in str(error)
    assert error.http_status == 404


@pytest.mark.parametrize("about", [Reply(404), Reply(body=b"{}"), Reply(body=b"<html>")])
async def test_an_addon_that_has_moved_says_nothing_of_the_episode(about: Reply) -> None:
    with addon(Reply(404, b"<html>"), about) as server:
        error = await refusal(of(server), QUESTION)
    assert error.http_status == 502


@pytest.mark.parametrize("status", [429, 503])
async def test_later(status: int) -> None:
    with addon(Reply(status, headers={"Retry-After": "7"})) as server:
        error = await refusal(of(server), QUESTION)
    assert (error.http_status, error.retry_after) == (503, 7)


async def test_a_redirect_on_the_same_host_is_followed() -> None:
    def reply(asked: Asked) -> Reply:
        if asked.target.startswith("/new/"):
            return streams(*STREAMS)
        return Reply(307, headers={"Location": f"/new{asked.target}"})

    with answering(reply) as server:
        assert (await ask(of(server), QUESTION)).provider == "One 480p"


async def test_without_an_imdb_id_it_says_how_to_set_it(three: Server) -> None:
    request = ResolveRequest(EPISODE, Reason.PLAY, ids=ExternalIds(tvdb=81797))
    error = await refusal(of(three), request)
    assert "`strmctl set --site site.example --series one-piece --id imdb=tt…`" in str(error)
    assert (error.http_status, error.unasked) == (502, True)
    assert three.asked == []


async def test_it_is_asked_through_its_egress() -> None:
    with addon(streams(*STREAMS)) as proxy:
        egress = f"http://127.0.0.1:{proxy.port}"
        settings = table("stremio", url="http://addon.invalid/manifest.json", egress=egress)
        assert (await ask(settings, QUESTION)).provider == "One 480p"
    assert proxy.asked[0].target.startswith("http://addon.invalid/stream/series/")


async def test_the_request_of_the_contract_is_enough(three: Server) -> None:
    """The stage's request, as plays send it: it insists on a provider that this addon lacks."""
    assert (await refusal(of(three), REQUEST)).http_status == 404


@pytest.mark.parametrize(
    ("manifest", "offers_"),
    [
        pytest.param({"resources": ["catalog", "stream"]}, True, id="a text"),
        pytest.param({"resources": [{"name": "stream", "types": ["movie"]}]}, True, id="object"),
        pytest.param({"resources": ["catalog", {"name": "meta"}, 7]}, False, id="others"),
        pytest.param({"resources": []}, False, id="nothing"),
    ],
)
def test_what_a_manifest_offers(manifest: dict[str, Any], offers_: bool) -> None:
    assert offers(manifest, "stream") is offers_


@pytest.mark.parametrize(
    ("options", "what"),
    [
        pytest.param({}, "url: is missing", id="no url"),
        pytest.param({"url": "ftp://a/manifest.json"}, "url: needs http", id="not http"),
        pytest.param({"url": "https://a/stream.json"}, "needs the address", id="another"),
        pytest.param({"url": A, "prefer": "("}, "prefer: is no regular", id="pattern"),
        pytest.param({"url": A, "reject": ["a", 1]}, "reject: needs a list", id="number"),
        pytest.param({"url": A, "prefers": "a"}, "prefers: is unknown", id="typo"),
    ],
)
def test_settings_that_cannot_be_used(options: dict[str, Any], what: str) -> None:
    with pytest.raises(SettingsError, match=what):
        Registry.from_settings(Settings(resolvers=[table("stremio", **options)]))


def test_the_link_of_an_install_button_will_do() -> None:
    url = "stremio://addon.example/u/manifest.json"
    assert Registry.from_settings(Settings(resolvers=[table("stremio", url=url)])).has("any")


async def test_its_subtitles_come_along() -> None:
    of_it = [
        {"id": "1", "url": "https://cdn.example/1.srt", "lang": "ger"},
        {"id": "2", "lang": "eng"},
    ]
    found = {"url": "https://cdn.example/v.mkv", "subtitles": of_it}
    with addon(streams(found)) as server:
        answer = await ask(of(server), QUESTION)
    assert [it.language for it in answer.subtitles] == ["de"]
