"""The scripted upstream and resolver of the peers' cases, for what no peer was asked."""

from peers.conftest import client, resolver, settings, show, upstream

__all__ = ["client", "resolver", "settings", "show", "upstream"]
