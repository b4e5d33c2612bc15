"""Resolve and refresh: ask a resolver, see whether its answer plays, and store it.

A *resolution* that is not stored is asked for once, for all who want it (single flight). Its
*ending* is when it expires, as stated or as learned. A *trial* sees whether an answer plays before
it is stored.
"""
