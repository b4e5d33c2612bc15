"""Redirects are followed by hand, each step checked (SECURITY.md, inputs 115 to 121, 126)."""

import pytest

from stage.loopback import ALLOWED, REFUSED, Names, Reply, Request, canary, client, reply, serving
from strmctl.domain.urls.upstream_url import joined
from strmctl.errors import UpstreamError
from strmctl.upstream.redirects import MAX_REDIRECTS


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    [
        pytest.param("http://127.0.0.2:PORT/", id="absolute"),
        pytest.param("//127.0.0.2:PORT/", id="relative to the scheme"),
        pytest.param("http://127.0.0.\t2:PORT/", id="tab"),
        pytest.param("\t//127.0.0.2:PORT/", id="leading tab"),
        pytest.param("\\\\127.0.0.2:PORT/", id="backslashes"),
        pytest.param("http:\\\\127.0.0.2:PORT/", id="backslashes behind the scheme"),
        pytest.param("http://127.0.0.1:80\\@127.0.0.2:PORT/", id="backslash, @"),
        pytest.param("http:127.0.0.2:PORT", id="no slashes"),
        pytest.param("http://user@127.0.0.2:PORT/", id="user"),
        pytest.param("http://127.2:PORT/", id="short"),
        pytest.param("http://2130706434:PORT/", id="one number"),
        pytest.param("http://[::ffff:127.0.0.2]:PORT/", id="IPv4-mapped"),
        pytest.param("http://[::1", id="malformed"),
        pytest.param("http://private.example:PORT/", id="name"),
        pytest.param("http://localhost:PORT/", id="local name"),
        pytest.param("ftp://127.0.0.2:PORT/", id="ftp"),
        pytest.param("file:///etc/passwd", id="file"),
        pytest.param("data:,a", id="data"),
        pytest.param("javascript:alert(1)", id="javascript"),
        pytest.param("http://127.0.0.2:PORT/\udcff", id="byte that is no text"),
    ],
)
async def test_to_where_nothing_may_go(status: int, location: str) -> None:
    names = Names(private_example=[[REFUSED]])
    async with canary() as target:
        there = location.replace("PORT", str(target.port))
        async with serving(lambda request: reply(status, Location=there)) as server:
            async with client(names=names) as upstream:
                with pytest.raises(UpstreamError) as caught:
                    await upstream.get(server.url(), {})
    assert str(target.port) not in str(caught.value)
    assert (caught.value.lasting, caught.value.status) == (True, status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_followed(status: int) -> None:
    def answer(request: Request) -> Reply:
        if request.target == "/a//b/start?x=1":
            return reply(status, b"ignored", Location="../c//d.m3u8?y=2#z")
        return reply(body=request.target.encode())

    async with serving(answer) as server, client() as upstream:
        response = await upstream.get(server.url("/a//b/start?x=1"), {})
        assert await response.read(100) == b"/a//c//d.m3u8?y=2"
        assert response.url == server.url("/a//c//d.m3u8?y=2#z")


@pytest.mark.parametrize("steps", [MAX_REDIRECTS, MAX_REDIRECTS + 1])
async def test_chains(steps: int) -> None:
    def answer(request: Request) -> Reply:
        step = int(request.target[1:])
        return reply(302, Location=f"/{step + 1}") if step < steps else reply(body=b"end")

    async with serving(answer) as server, client() as upstream:
        if steps <= MAX_REDIRECTS:
            response = await upstream.get(server.url("/0"), {})
            assert await response.read(10) == b"end"
        else:
            with pytest.raises(UpstreamError, match="more than 10 times"):
                await upstream.get(server.url("/0"), {})
    assert len(server.requests) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"Refresh": "0; url=http://127.0.0.2:PORT/"}, id="Refresh"),
        pytest.param({"Alt_Svc": 'h2="127.0.0.2:PORT"; ma=9'}, id="Alt-Svc"),
        pytest.param({"Link": "<http://127.0.0.2:PORT/>; rel=preload"}, id="Link"),
        pytest.param({"Location": "http://127.0.0.2:PORT/"}, id="Location of a 200"),
        pytest.param({"Content_Location": "http://127.0.0.2:PORT/"}, id="Content-Location"),
    ],
)
async def test_fields_that_are_no_redirect(fields: dict[str, str]) -> None:
    async with canary() as target:
        given = {name: text.replace("PORT", str(target.port)) for name, text in fields.items()}
        page = b'<meta http-equiv=refresh content="0; url=http://127.0.0.2/">'
        async with serving(lambda request: reply(200, page, **given)) as server:
            async with client() as upstream:
                for _ in range(2):
                    response = await upstream.get(server.url(), {})
                    assert await response.read(1000) == page
                assert response.url == server.url()


@pytest.mark.parametrize("status", [300, 304, 305, 306, 302])
async def test_answers_without_a_way_on(status: int) -> None:
    async with serving(lambda request: reply(status)) as server, client() as upstream:
        response = await upstream.get(server.url(), {})
        assert response.status == status
        response.close()


MAPPING = {"Referer": "https://site.example/", "Cookie": "a=1", "User-Agent": "TV", "X-Key": "k"}


async def test_the_mappings_fields_stay_on_the_site() -> None:
    names = Names(one_example=[[ALLOWED]], two_example=[[ALLOWED]])

    def answer(request: Request) -> Reply:
        port = request.fields["host"].partition(":")[2]
        if request.target == "/start":
            return reply(302, Location="/same")
        if request.target == "/same":
            return reply(302, Location=f"http://two.example:{port}/other")
        if request.target == "/other":
            return reply(302, Location=f"http://one.example:{port}/back")
        return reply()

    async with serving(answer) as server, client(names=names) as upstream:
        response = await upstream.get(
            server.url("/start", host="one.example"), {**MAPPING, "Range": "bytes=5-"}
        )
        response.close()
    sent = {each.target: each.fields for each in server.requests}
    for target in ("/start", "/same"):
        assert sent[target]["cookie"] == "a=1"
        assert sent[target]["referer"] == "https://site.example/"
    for target in ("/other", "/back"):
        assert not {"cookie", "referer", "x-key"} & set(sent[target])
        assert (sent[target]["user-agent"], sent[target]["range"]) == ("TV", "bytes=5-")


async def test_own_address_behind_a_redirect() -> None:
    async with canary() as target:
        there = target.url()
        async with serving(lambda request: reply(302, Location=there)) as server:
            own = [(REFUSED, target.port)]
            async with client(allow=["127.0.0.0/8"], own=own) as upstream:
                with pytest.raises(UpstreamError, match="strmctl itself"):
                    await upstream.get(server.url(), {})


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        (" seg 1.ts ", "https://cdn.example/a//seg%201.ts"),
        ("/b//c?d e", "https://cdn.example/b//c?d%20e"),
        ("https://other.example/x", "https://other.example/x"),
    ],
)
def test_joined(reference: str, url: str) -> None:
    assert joined("https://cdn.example/a//index.m3u8?token=1", reference) == url
