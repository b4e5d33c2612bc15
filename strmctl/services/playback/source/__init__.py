"""The resolution in use of each identity: what its URL holds, its playlists, where a name is.

A *source* is one resolution in use; its *playlists* are loaded once for many requests.
"""
