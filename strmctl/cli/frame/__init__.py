"""What every command stands on: the Typer app, options, output, locks, endings."""
