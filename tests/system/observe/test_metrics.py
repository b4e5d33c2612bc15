"""`/metrics` counts what has happened, once, and says it as Prometheus wants to hear it."""

import subprocess

import httpx
import pytest

from stage.proxy import SITE, Proxy
from stage.routes import Gate
from stage.show import Show
from stage.waiting import until
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import LinkState
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration
from system.observe.numbers import is_idle, live_through, numbers, probed, scrape

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param('strmctl_requests_total{route="playback",status="2xx"}', 1, id="plays"),
        pytest.param('strmctl_requests_total{route="playback",status="4xx"}', 2, id="refusals"),
        pytest.param('strmctl_requests_total{route="segment",status="4xx"}', 1, id="failures"),
        pytest.param('strmctl_heals_total{outcome="healed"}', 1, id="heals"),
        pytest.param('strmctl_heals_total{outcome="failed"}', 1, id="failed heals"),
        pytest.param('strmctl_resumes_total{outcome="resumed"}', 2, id="resumes"),
        pytest.param('strmctl_resolves_total{outcome="not_found"}', 1, id="no such episode"),
        pytest.param("strmctl_active_streams", 0, id="streams"),
        pytest.param('strmctl_links{state="unknown"}', 1, id="links"),
        pytest.param("strmctl_database_up", 1, id="database"),
        pytest.param("strmctl_notices_waiting", 0, id="notices"),
        pytest.param('strmctl_jobs{state="running"}', 0, id="jobs"),
    ],
)
def test_what_has_happened_is_counted_once(lived: str, name: str, value: float) -> None:
    assert numbers(lived)[name] == value


def test_latencies_are_those_of_upstreams_and_players(lived: str) -> None:
    found = numbers(lived)
    for name in (
        'strmctl_upstream_response_seconds_count{status="2xx"}',
        'strmctl_upstream_response_seconds_count{status="4xx"}',
        'strmctl_first_byte_seconds_count{route="segment"}',
        "strmctl_resolve_seconds_count",
    ):
        assert found[name] > 0, name
    assert found['strmctl_first_byte_seconds_sum{route="segment"}'] > 0


def test_promtool_finds_nothing_to_complain_of(lived: str) -> None:
    run = subprocess.run(
        ["promtool", "check", "metrics"], input=lived, capture_output=True, text=True, timeout=30
    )
    assert (run.returncode, run.stdout + run.stderr) == (0, "")


def test_no_label_is_a_clients_or_an_upstreams_to_choose(
    proxy: Proxy, show: Show, client: httpx.Client
) -> None:
    live_through(proxy, show, client)
    before = set(numbers(scrape(client, proxy.url)))
    # Through a front nobody is known to sit at this machine.
    client.headers["X-Forwarded-For"] = "203.0.113.7"
    for number in range(20):
        client.get(f"{proxy.url}/made-up-{number}?slug=up-{number}")
        client.get(proxy.playback_url(f"nobodys-{number}"))
        client.get(f"{proxy.url}/strm/hls/token-{number}/{number}.ts")
        client.request(f"M{number}", f"{proxy.url}/strm/stream")
    text = scrape(client, proxy.url)
    assert len(set(numbers(text)) - before) <= 8
    for secret in (show.slug, SITE, "made-up", "nobodys", "token", "127.0.0.1"):
        assert secret not in text


def test_sites_and_providers_are_named_to_who_may_use_the_api(
    proxy: Proxy, show: Show, client: httpx.Client
) -> None:
    live_through(proxy, show, client)
    name = f'strmctl_site_links{{site="{SITE}",state="unknown"}}'
    assert numbers(scrape(client, proxy.url))[name] == 1
    client.headers["X-Forwarded-For"] = "203.0.113.7"
    assert "strmctl_site_links" not in scrape(client, proxy.url)


def test_a_thousand_sites_are_fifty_and_the_others(proxy: Proxy, client: httpx.Client) -> None:
    sites = [f"site-{number:04}.example" for number in range(1000)]
    with Database.open(proxy.settings.database) as database:
        Mappings(database).register(
            [Registration(Identity(site, "film", "de"), f"{site}.strm") for site in sites]
        )
    found = numbers(scrape(client, proxy.url))
    by_site = {name: value for name, value in found.items() if name.startswith("strmctl_site_")}
    assert len(by_site) == 51 * len(LinkState)
    assert by_site['strmctl_site_links{site="other",state="unknown"}'] == 950


def test_bytes_are_those_that_were_sent(proxy: Proxy, show: Show, client: httpx.Client) -> None:
    live_through(proxy, show, client)
    name = 'strmctl_sent_bytes_total{route="operation"}'
    before = numbers(scrape(client, proxy.url))[name]
    sent = len(client.get(f"{proxy.url}/healthz").content)
    text = scrape(client, proxy.url)
    after = numbers(scrape(client, proxy.url))[name]
    assert after - before >= sent + len(text)


def test_openmetrics_for_who_accepts_it(proxy: Proxy, client: httpx.Client) -> None:
    plain = client.get(f"{proxy.url}/metrics")
    assert plain.headers["content-type"].startswith("text/plain; version=")
    modern = client.get(f"{proxy.url}/metrics", headers={"Accept": OPENMETRICS})
    assert modern.headers["content-type"].startswith("application/openmetrics-text")
    assert modern.text.endswith("# EOF\n")


def test_probes_are_counted_from_their_events_though_history_is_forgotten(
    proxy: Proxy, client: httpx.Client
) -> None:
    name = 'strmctl_probe_results_total{state="dead"}'
    with Database.open(proxy.settings.database) as database:
        for _ in range(3):
            probed(database, LinkState.DEAD)  # Before anybody has asked.
        until(lambda: numbers(scrape(client, proxy.url))[name] == 3, "they are counted")
        with database.transaction() as connection:
            connection.execute("DELETE FROM event WHERE id < 4")
        probed(database, LinkState.DEAD)
        until(lambda: numbers(scrape(client, proxy.url))[name] == 4, "the next one is counted")


def test_a_stream_is_active_while_it_is_sent(
    proxy: Proxy, show: Show, client: httpx.Client
) -> None:
    gate = Gate(b"G" * 500_000, 100)
    show.entry, show.routes["film.ts"] = "film.ts", gate
    with client.stream("GET", proxy.playback_url(show.slug)):
        found = numbers(scrape(client, proxy.url))
        assert found["strmctl_active_streams"] == 1
        gate.open()
    until(lambda: is_idle(client, proxy.url), "the stream has ended")
