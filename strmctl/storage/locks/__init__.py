"""Locks between processes: one run at a time, one resolve of an identity at a time."""
