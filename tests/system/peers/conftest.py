"""One upstream, resolver and proxy for each worker; each test plays shows of its own."""

from stage.scripted_fixtures import client, proxy, resolver, settings, show, upstream, url

__all__ = ["client", "proxy", "resolver", "settings", "show", "upstream", "url"]
