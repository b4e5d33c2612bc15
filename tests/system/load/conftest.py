"""A resolver and live channels for each worker; each test serves on its own."""

from system.load.stage import channels, own_strmctl, resolver, upstream

__all__ = ["channels", "own_strmctl", "resolver", "upstream"]
