"""Keeps a library of .strm files alive."""

__version__ = "0.1.0"
