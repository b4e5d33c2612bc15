"""The steps of each command; they return frozen dataclasses and never print."""
