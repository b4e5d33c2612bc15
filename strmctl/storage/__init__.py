"""What strmctl keeps: the SQLite database and the .strm files of the library."""
