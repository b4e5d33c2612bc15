"""What scenarios share: upstreams, resolvers, media, players, and the ways to run strmctl.

A scenario's own parts stand beside its tests in tests/system; what a second one needs moves here.
"""
