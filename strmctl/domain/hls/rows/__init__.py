"""The lines of a long Media Playlist are of few kinds, so many of a kind are read at once."""
