"""The HTTP API under /api/v1: OpenAPI made from the code, problems for errors."""
