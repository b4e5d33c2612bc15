"""The library's names and texts: paths, file names, `.strm` text, sidecars, Sonarr's events."""
