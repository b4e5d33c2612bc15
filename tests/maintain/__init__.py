"""A server that looks after the library by itself."""
