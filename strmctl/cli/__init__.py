"""Thin Typer commands: parse, call one service, render."""
