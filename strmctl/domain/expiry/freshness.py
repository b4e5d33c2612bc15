"""Whether a resolution may still be used, or is better asked for again."""

from dataclasses import replace
from datetime import datetime, timedelta

from strmctl.domain.expiry.expiry import predict
from strmctl.domain.mapping import Resolution


def has_expired(resolution: Resolution, now: datetime) -> bool:
    """True once its known expiry has passed; without one it never expires by itself."""
    return resolution.expires_at is not None and now >= resolution.expires_at


def has_surely_expired(resolution: Resolution, now: datetime) -> bool:
    """False as well for one whose end was guessed or learned: it may be worth a try."""
    if not has_expired(resolution, now):
        return False
    found = predict(resolution.url, resolution.resolved_at or now)
    if found is None or found.is_certain:
        return True
    return found.expires_at is not None and found.expires_at != resolution.expires_at


def is_fresh(resolution: Resolution, now: datetime, *, margin: timedelta, ttl: timedelta) -> bool:
    """False when less than `margin` is left, or when it is older than `ttl` (0: no such limit).

    A short-lived resolution keeps nine tenths of its life, whatever the margin.
    """
    if ttl and (resolution.resolved_at is None or now - resolution.resolved_at >= ttl):
        return False
    if resolution.expires_at is None:
        return True
    if resolution.resolved_at is not None:
        margin = min(margin, (resolution.expires_at - resolution.resolved_at) / 10)
    return resolution.expires_at - now > margin


def differs(resolution: Resolution, other: Resolution | None) -> bool:
    """Whether it is another request, or the same one answered later than `other` was."""
    if other is None:
        return True
    if (resolution.url, dict(resolution.headers)) != (other.url, dict(other.headers)):
        return True
    if resolution.resolved_at is None or other.resolved_at is None:
        return False
    return resolution.resolved_at > other.resolved_at


def without_past_expiry(resolution: Resolution) -> Resolution:
    """An expiry before the answer itself is a wrong clock, not a prediction."""
    if resolution.resolved_at is not None and has_expired(resolution, resolution.resolved_at):
        return replace(resolution, expires_at=None)
    return resolution
