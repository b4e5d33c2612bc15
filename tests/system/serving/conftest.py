"""The scripted upstream and resolver of the peers' cases, for what no peer was asked."""

from stage.scripted_fixtures import client, proxy, resolver, settings, show, upstream, url

__all__ = ["client", "proxy", "resolver", "settings", "show", "upstream", "url"]
