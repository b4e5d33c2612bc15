"""Which signing keys are in force, and the playback URLs that they sign."""
