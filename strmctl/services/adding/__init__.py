"""Whole series and films: what a catalogue says and the library lacks is written.

A catalogue is a resolver's (an addon's `meta`, a playlist of yt-dlp) or a list in a file. What is
watched is looked at again by `add --watched`; what was written once is not written again.
"""
