"""HTTP fields: ranges, what a request may carry on, Retry-After (RFC 9110)."""
