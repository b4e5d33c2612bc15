"""One check of one URL: is it media? Asked by `probe`, `trace` and a resolver's trial."""
