"""What is measured: each file holds one subject, or some that share their servers."""
