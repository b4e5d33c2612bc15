"""What is said about the library: counts, history, pages of mappings, JSON records."""
