"""Measures strmctl beside others on this machine; `make bench` runs it all."""
