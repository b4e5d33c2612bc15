"""One module a table: every SQL statement of strmctl is here."""
