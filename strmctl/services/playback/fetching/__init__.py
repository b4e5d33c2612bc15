"""Asks the upstream of one resolution, judges what it answers, and resumes what is cut off.

*Fetch* sends the requests of one resolution. A *body* that is cut off goes on where it ended.
*Parsing* reads long playlists beside the event loop. A *loaded playlist* is one as it came, with
the time at which it did.
"""
