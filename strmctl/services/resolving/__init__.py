"""Resolve and refresh: ask a resolver again, look at its answer, and store it.

A *resolution* is stored or asked for, once for all who want it (single flight); its *ending* is
when it expires, known or learned; a *trial* looks whether an answer plays before it is kept.
"""
