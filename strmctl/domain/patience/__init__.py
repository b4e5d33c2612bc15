"""When to ask again, and when to leave an upstream or a resolver alone."""
