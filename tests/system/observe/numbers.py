"""What `/metrics` says, by name and labels; and a server that has seen a little of everything."""

import json
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

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
Counts = dict[str, int]


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


def of_metrics(client: httpx.Client, proxy: Proxy) -> Counts:
    found = numbers(scrape(client, proxy.url))
    resolves = sum(value for name, value in found.items() if name.startswith("strmctl_resolves_"))
    return {
        "healed": int(found['strmctl_heals_total{outcome="healed"}']),
        "not healed": int(found['strmctl_heals_total{outcome="failed"}']),
        "resumed": int(found['strmctl_resumes_total{outcome="resumed"}']),
        "resolves": int(resolves),
        "plays": int(found["strmctl_plays_total"]),
        "bytes": int(found['strmctl_sent_bytes_total{route="segment"}']),
    }


def of_stats(client: httpx.Client, proxy: Proxy) -> Counts:
    document: dict[str, Any] = client.get(f"{proxy.url}/api/v1/stats").json()
    return of_document(document)


def of_document(document: dict[str, Any]) -> Counts:
    """The API's, or that of `stats --json`."""
    counts = document["counts"]
    assert document["healed"] == counts["heals"]["healed"]
    return {
        "healed": counts["heals"]["healed"],
        "not healed": counts["heals"]["failed"],
        "resumed": counts["resumes"]["resumed"],
        "resolves": sum(counts["resolves"].values()),
        "plays": counts["plays"],
        "bytes": counts["bytes"]["segment"],
    }


def of_page(client: httpx.Client, proxy: Proxy) -> Counts:
    text = re.sub(r"<[^>]+>", " ", client.get(proxy.url).text)

    def number(pattern: str) -> int:
        found = re.search(pattern, text)
        assert found is not None, pattern
        return int(found[1].replace(",", ""))

    return {
        "healed": number(r"Healed while playing\s+([\d,]+)"),
        "not healed": number(r"Healed while playing\s+[\d,]+, ([\d,]+) failed"),
        "resumed": number(r"Resumed after a cut\s+([\d,]+)"),
        "plays": number(r"Plays\s+([\d,]+)"),
    }


def of_history(proxy: Proxy) -> Counts:
    with Database.open(proxy.settings.database) as database:
        details = [
            (row["kind"], json.loads(row["detail"]))
            for row in database.query("SELECT * FROM event")
        ]
    return {
        "healed": sum(detail.get("cause") == "heal" for _, detail in details),
        "not healed": sum(kind == "not healed" for kind, _ in details),
    }


def of_tables(proxy: Proxy) -> Counts:
    """What is in the database, by a statement of its own."""
    with closing(sqlite3.connect(proxy.settings.database)) as database:
        rows = database.execute("SELECT name, label, number FROM tally").fetchall()
    found = {(name, label): number for name, label, number in rows}
    return {
        "healed": found.get(("heals", "healed"), 0),
        "not healed": found.get(("heals", "failed"), 0),
        "resumed": found.get(("resumes", "resumed"), 0),
        "resolves": sum(number for (name, _), number in found.items() if name == "resolves"),
        "plays": found.get(("plays", ""), 0),
        "bytes": found.get(("bytes", "segment"), 0),
    }


def states_of_metrics(client: httpx.Client, proxy: Proxy) -> Counts:
    found = numbers(scrape(client, proxy.url))
    return {state: int(found[f'strmctl_links{{state="{state}"}}']) for state in LinkState}
