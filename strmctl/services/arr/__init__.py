"""Follows what Sonarr and Radarr do to the library's files; what cannot be done now waits."""
