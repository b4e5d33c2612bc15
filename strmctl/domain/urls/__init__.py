"""URLs: the signed ones that strmctl makes, and what upstream URLs say and hide."""
