"""Answers players: what a name stands for is looked up anew, streamed, and healed on the way.

The *player* answers each request from a *source* (`source/`): one resolution in use, with its
playlists. `fetching/` asks the upstream and judges what it answers. *Healing* asks the resolver
again in the middle of playback. `continuity/` decides whether the new resolution has the same
content, so that addresses that players already have stay valid.
"""
