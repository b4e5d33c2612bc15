"""The resolution in use of each identity: what its URL holds, and where a name is in that.

A *source* is one resolution in use. Its *playlists* are loaded once for many requests.
"""
