"""Jobs: runs of the command line that the server starts, in a process of their own."""
