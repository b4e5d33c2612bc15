"""Files on disk, changed whole or not at all: the library, keys."""
