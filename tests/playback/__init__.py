"""Playback with real parts: nginx as the upstream, `strmctl serve`, and real players."""
