"""What the server itself promises, whatever it serves."""
