"""strmctl behind the servers that people put in front of it, and as several processes."""
