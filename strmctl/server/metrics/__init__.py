"""`/metrics`, for Prometheus: of playback and of the library."""
