"""What a player is given for a name: derived anew, streamed as it comes, healed on the way.

A *source* is one resolution in use; its *playlists* are loaded once for all viewers;
*continuity* decides whether a new resolution is the same content, so that names go on. A *fetch* is
one request to the upstream; a *body* is resumed where it was cut off; *healing* resolves again.
"""
