"""The media servers that can be told: each kind knows its own API and nothing of the outbox."""
