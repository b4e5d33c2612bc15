"""Settings: one frozen object, made from flags, environment, strmctl.toml and defaults."""
