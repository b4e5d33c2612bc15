"""The proxy: playback routes on Starlette."""
