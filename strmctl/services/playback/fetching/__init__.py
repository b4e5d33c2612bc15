"""What one resolution's upstream has: asked for, judged, read once, resumed when it is cut off.

A *fetch* is one request to the upstream; a *body* goes on where it ended; *parsing* reads long
playlists beside the event loop; a *loaded playlist* is one as it came, with its moment.
"""
