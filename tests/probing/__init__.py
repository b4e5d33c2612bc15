"""Whole runs of `probe` over real sockets."""
