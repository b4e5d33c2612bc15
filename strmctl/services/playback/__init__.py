"""What a player is given for a name: derived anew, streamed as it comes, healed on the way.

The *player* answers each request, out of a `source/` (one resolution in use, its playlists). What
an upstream has comes through `fetching/`. *Healing* resolves again in the middle of playback;
`continuity/` decides whether a new resolution is the same content, so that names go on.
"""
