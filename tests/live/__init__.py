"""Live streams, watched in real time."""
