"""Tells media servers what has changed in the library.

A *notice* waits in the *outbox* until its server has confirmed it.
"""
