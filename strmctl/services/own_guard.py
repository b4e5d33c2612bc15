"""The guard that keeps this very server from being its own upstream."""

from urllib.parse import urlsplit

from strmctl.settings.model import Settings
from strmctl.upstream.guard import Guard


def guard(settings: Settings) -> Guard:
    """What the settings allow, without the addresses that players reach this server at."""
    public = urlsplit(settings.proxy.public_base_url)
    public_port = public.port or (443 if public.scheme == "https" else 80)
    port = settings.serve.port
    own = [(public.hostname or "", public_port), (settings.serve.host, port)]
    own += [(host, port) for host in ("127.0.0.1", "::1", "localhost")]
    return Guard(settings.upstream.allow, own)
