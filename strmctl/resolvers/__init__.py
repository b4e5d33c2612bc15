"""The kinds of resolver: identity in, resolution out."""
