"""An installation's own things: settings, keys, migrations, the health check."""
