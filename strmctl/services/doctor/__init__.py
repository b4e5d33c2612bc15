"""What is wrong with an installation, and what mends it; one small check for each thing."""
