"""What `/metrics` says, by name and labels; and a server that has seen a little of everything."""

import json
from datetime import UTC, datetime

import httpx
from prometheus_client.parser import text_string_to_metric_families

from stage import presentation
from stage.proxy import Proxy, identity
from stage.routes import cut, file
from stage.show import Show
from stage.waiting import until
from strmctl.domain.mapping import LinkState
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration

Numbers = dict[str, float]


def scrape(client: httpx.Client, url: str) -> str:
    answer = client.get(f"{url}/metrics")
    assert answer.status_code == 200, answer.text
    return answer.text


def numbers(text: str) -> Numbers:
    """By `name{label="value"}`, the labels in their order."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def names(text: str) -> set[str]:
    """Of every series that there can be, as a query names them."""
    found = set()
    for family in text_string_to_metric_families(text):
        ends = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}
        found |= {family.name + end for end in ends.get(family.type, ("",))}
    return found


def live_through(proxy: Proxy, show: Show, client: httpx.Client) -> None:
    """A play that heals and resumes, and some that fail."""
    with Database.open(proxy.settings.database) as database:
        Mappings(database).register([Registration(identity(show.slug), "x.strm")])
    presentation.put(show)
    found = presentation.addresses(client, proxy.playback_url(show.slug))
    show.expire()
    assert client.get(found["video1.m4s"]).status_code == 200
    show.routes["video2.m4s"] = cut(file(presentation.FILES["video2.m4s"], etag='"x"'), every=2000)
    assert client.get(found["video2.m4s"]).content == presentation.FILES["video2.m4s"]
    show.is_dead = True
    assert client.get(found["video0.m4s"]).status_code == 403
    assert client.get(f"{proxy.url}/strm/stream?slug=no").status_code == 403
    assert client.get(proxy.playback_url("nobodys")).status_code == 404
    until(lambda: is_idle(client, proxy.url), "the last answer has ended")


def is_idle(client: httpx.Client, url: str) -> bool:
    """Whether every player's request has been counted."""
    return numbers(scrape(client, url))["strmctl_active_streams"] == 0


def probed(database: Database, state: LinkState) -> None:
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO event (at, kind, detail) VALUES (?, 'probed', ?)",
            (f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000}Z", json.dumps({"to": state})),
        )
