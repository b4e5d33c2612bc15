"""The HTTP API of a running server, asked as its clients ask."""
