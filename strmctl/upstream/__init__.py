"""Every byte from the outside: the address guard, the egress and the HTTP client."""
