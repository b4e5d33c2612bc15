"""The scripted upstream and resolver of the peers' cases, for what no peer was asked."""

from stage.scripted_fixtures import client, resolver, settings, show, upstream

__all__ = ["client", "resolver", "settings", "show", "upstream"]
