"""What is counted, under which labels: one list for history, `stats`, the page and `/metrics`."""

from collections.abc import Mapping
from enum import StrEnum


class Counted(StrEnum):
    HEALS = "heals"
    RESUMES = "resumes"
    RESOLVES = "resolves"
    """By plays, probes, refreshes and jobs alike."""
    ADDRESS_CHANGES = "address_changes"
    """Links bound to an address or a network that was refused before its end: the egress leaves by
    another one now, as after a reconnect of a VPN."""
    PLAYS = "plays"
    """Viewings: requests of one episode that follow each other closely are one."""
    BYTES = "bytes"


Key = tuple[Counted, str]
Counts = Mapping[Key, int]

ROUTES = ("playback", "playlist", "segment", "api", "operation", "page")

LABELS: Mapping[Counted, tuple[str, ...]] = {
    Counted.HEALS: ("healed", "failed"),
    Counted.RESUMES: ("resumed", "failed"),
    Counted.RESOLVES: ("resolved", "not_found", "later", "timeout", "failed"),
    Counted.ADDRESS_CHANGES: ("",),
    Counted.PLAYS: ("",),
    Counted.BYTES: ROUTES,
}

_RESOLVED = {200: "resolved", 404: "not_found", 503: "later", 504: "timeout"}


def of_resolve(http_status: int) -> str:
    """The label of a resolver's answer: 200, or what the ResolverError says."""
    return _RESOLVED.get(http_status, "failed")


def complete(counts: Counts) -> dict[Counted, dict[str, int]]:
    """Every label of everything, 0 where nothing has happened."""
    return {
        name: {label: counts.get((name, label), 0) for label in labels}
        for name, labels in LABELS.items()
    }
