"""HLS playlists (RFC 8216): read, named and rewritten line by line, byte for byte but for URIs."""
