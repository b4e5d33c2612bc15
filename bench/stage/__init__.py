"""Servers, players, libraries and other programs that take part in the benchmarks."""
