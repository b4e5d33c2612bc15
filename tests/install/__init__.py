"""strmctl as it is installed: by pipx, and what Docker would make of its files."""
