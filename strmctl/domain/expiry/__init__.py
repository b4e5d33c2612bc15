"""When a URL ends: what is written in it, what was learned, and when to renew before it."""
