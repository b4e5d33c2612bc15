"""strmctl through the proxies that people send it out by."""
