"""`type = "template"`."""

import pytest
from hypothesis import given, strategies as st

from stage.answering import Reply, answering
from stage.asking import EPISODE, MOVIE, ask, refusal, table
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.domain.urls.upstream_url import check_url
from strmctl.errors import SettingsError, UsageError
from strmctl.resolvers.contract import Reason, ResolveRequest
from strmctl.resolvers.registry import Registry
from strmctl.resolvers.url_template import UrlTemplate
from strmctl.settings.model import Settings


@pytest.mark.parametrize(
    ("template", "identity", "url"),
    [
        pytest.param(
            "https://nas/{slug}/S{season:02}E{episode:02}.mkv",
            EPISODE,
            "https://nas/one-piece/S01E02.mkv",
            id="the design's",
        ),
        pytest.param(
            "https://nas/{site}/{language}/{provider}/{season}x{episode:03d}",
            EPISODE,
            "https://nas/site.example/German%20Dub/VOE/1x002",
            id="every name",
        ),
        pytest.param("https://nas/{slug}.mkv", MOVIE, "https://nas/red.mkv", id="movie"),
        pytest.param("https://nas/fixed", MOVIE, "https://nas/fixed", id="no names"),
        pytest.param("https://nas/{{{slug}}}", MOVIE, "https://nas/{red}", id="braces"),
        pytest.param(
            "https://nas/{slug}",
            Identity("s.example", "a/../b?c#d&e%2F ü", "de"),
            "https://nas/a%2F..%2Fb%3Fc%23d%26e%252F%20%C3%BC",
            id="percent-encoded",
        ),
        pytest.param(
            "http://nas:5244/dav/Serien & Filme/größe%20L/{slug}.mkv?sign=a b",
            MOVIE,
            "http://nas:5244/dav/Serien%20&%20Filme/gr%C3%B6%C3%9Fe%20L/red.mkv?sign=a%20b",
            id="folders as they are shown",
        ),
    ],
)
async def test_the_url_follows_from_the_identity(
    template: str, identity: Identity, url: str
) -> None:
    request = ResolveRequest(identity, Reason.PLAY)
    settings = table("template", url=template, headers={"Referer": "r"})
    assert await ask(settings, request) == Resolution(url, {"Referer": "r"}, identity.provider)


async def test_a_login_in_the_url_becomes_a_header() -> None:
    settings = table("template", url="https://me:pass%20word@nas.example/dav/{slug}.mkv")
    found = await ask(settings, ResolveRequest(MOVIE, Reason.PLAY))
    assert found.url == "https://nas.example/dav/red.mkv"
    assert found.headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize(
    ("reply", "status", "what"),
    [
        pytest.param(Reply(200), None, "", id="it is there"),
        pytest.param(Reply(302, headers={"Location": "/x"}), None, "", id="alist sends on"),
        pytest.param(Reply(405), None, "", id="HEAD is not for it"),
        pytest.param(Reply(404), 404, "no such episode", id="404"),
        pytest.param(Reply(410), 404, "no such episode", id="410"),
        pytest.param(Reply(401), 502, "HTTP 401: correct its headers", id="401"),
        pytest.param(Reply(500), 502, "HTTP 500", id="500"),
        pytest.param(Reply(503, headers={"Retry-After": "7"}), 503, "in 7 s", id="later"),
    ],
)
async def test_whether_the_file_is_there(reply: Reply, status: int | None, what: str) -> None:
    with answering(lambda asked: reply) as server:
        url = server.url.replace("/resolve", "/dav/Filme & mehr/{slug}.mkv")
        settings = table("template", url=url, headers={"Authorization": "Basic x"}, check=True)
        request = ResolveRequest(MOVIE, Reason.PLAY)
        if status is None:
            assert (await ask(settings, request)).url.endswith("/dav/Filme%20&%20mehr/red.mkv")
        else:
            error = await refusal(settings, request)
            assert what in str(error)
            assert error.http_status == status
    [asked] = server.asked
    assert asked.target == "/dav/Filme%20&%20mehr/red.mkv"
    assert asked.headers["Authorization"] == "Basic x"


NAS = "https://nas.example/{slug}"


@pytest.mark.parametrize(
    ("option", "identity", "named"),
    [
        pytest.param(
            {"de": f"{NAS}/{{episode:02}}.de.srt", "pt-BR": f"{NAS}/{{episode}}.vtt"},
            EPISODE,
            [("de", "one-piece/02.de.srt"), ("pt-br", "one-piece/2.vtt")],
            id="by language",
        ),
        pytest.param(f"{NAS}.srt", MOVIE, [("und", "red.srt")], id="of an unknown language"),
        pytest.param(
            {"de": f"{NAS}/{{season}}.srt", "en": f"{NAS}.srt"},
            MOVIE,
            [("en", "red.srt")],
            id="a film has no season, and plays",
        ),
        pytest.param({}, MOVIE, [], id="none"),
    ],
)
async def test_subtitles(option: object, identity: Identity, named: list[tuple[str, str]]) -> None:
    settings = table("template", url=NAS, subtitles=option)
    found = await ask(settings, ResolveRequest(identity, Reason.REFRESH))
    assert [
        (it.language, it.url.removeprefix("https://nas.example/")) for it in found.subtitles
    ] == (named)
    assert not (await ask(settings, ResolveRequest(identity, Reason.PLAY))).subtitles


async def test_subtitles_that_are_there() -> None:
    states = {"/red": 200, "/de.srt": 404, "/en.srt": 200, "/fr.srt": 405, "/it.srt": 410}
    with answering(lambda asked: Reply(states[asked.target])) as server:
        url = server.url.removesuffix("/resolve")
        named = {name: f"{url}/{name}.srt" for name in ("de", "en", "fr", "it")}
        settings = table("template", url=f"{url}/{{slug}}", subtitles=named, check=True)
        found = await ask(settings, ResolveRequest(MOVIE, Reason.CREATE))
    assert [it.language for it in found.subtitles] == ["en", "fr"]


@pytest.mark.parametrize(
    ("option", "what"),
    [
        pytest.param(["a"], "needs text, or a table", id="a list"),
        pytest.param({"de": 1}, "needs text, or a table", id="a number"),
        pytest.param({"de": " "}, "needs text, or a table", id="blank"),
        pytest.param({"de": "/x.srt"}, "needs http", id="no address"),
        pytest.param("http://n/{title}", "is none of site, slug", id="unknown name"),
    ],
)
def test_subtitles_that_cannot_be_used(option: object, what: str) -> None:
    settings = table("template", url=NAS, subtitles=option)
    with pytest.raises(SettingsError, match=what) as caught:
        Registry.from_settings(Settings(resolvers=[settings]))
    assert str(caught.value).startswith("[resolvers.mine] subtitles: ")


def test_a_check_is_true_or_false() -> None:
    settings = table("template", url="http://nas/{slug}", check="perhaps")
    with pytest.raises(SettingsError, match="check: needs true or false"):
        Registry.from_settings(Settings(resolvers=[settings]))


@pytest.mark.parametrize(
    ("template", "identity", "what"),
    [
        pytest.param("http://n/{season}", MOVIE, "needs a season, which site.example/red", id="s"),
        pytest.param("http://n/{provider}", MOVIE, "needs a provider", id="provider"),
        pytest.param("http://n/{slug}/a", Identity("s", "..", "de"), "leave", id="dots"),
        pytest.param("http://{slug}/", Identity("s", "a b", "de"), "unusable", id="host"),
    ],
)
async def test_an_identity_that_does_not_fit(template: str, identity: Identity, what: str) -> None:
    error = await refusal(table("template", url=template), ResolveRequest(identity, Reason.PLAY))
    assert what in str(error)


@pytest.mark.parametrize(
    ("template", "what"),
    [
        pytest.param("", "is missing|needs text", id="empty"),
        pytest.param("nas/{slug}", "needs http", id="no scheme"),
        pytest.param("http://n/{title}", r"{title} is none of site, slug", id="unknown name"),
        pytest.param("http://n/{}", "is none of", id="no name"),
        pytest.param("http://n/{0}", "is none of", id="position"),
        pytest.param("http://n/{slug.__class__}", "is none of", id="attribute"),
        pytest.param("http://n/{slug[0]}", "is none of", id="index"),
        pytest.param("http://n/{slug!r}", "plain format", id="conversion"),
        pytest.param("http://n/{season:{episode}}", "plain format", id="nested format"),
        pytest.param("http://n/{slug:02d}", "format code", id="number format for text"),
        pytest.param("http://n/{slug", "expected", id="open brace"),
        pytest.param("http://n/slug}", "Single", id="single brace"),
    ],
)
def test_a_template_that_cannot_be_used(template: str, what: str) -> None:
    with pytest.raises(SettingsError, match=what) as caught:
        Registry.from_settings(Settings(resolvers=[table("template", url=template)]))
    assert str(caught.value).startswith("[resolvers.mine] url: ")


@given(st.text(min_size=1, max_size=20))
def test_no_slug_leaves_its_place(slug: str) -> None:
    try:
        identity = Identity("s.example", slug, "de")
    except UsageError:
        return
    if identity.slug in (".", ".."):
        return
    url = UrlTemplate("https://nas.example/a/{slug}/b").fill(identity)
    check_url(url)
    assert url.count("/") == 5
    assert not set("?#") & set(url)
