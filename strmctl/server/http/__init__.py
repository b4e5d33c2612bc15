"""What every request passes: the rules of the protocol, the front, admission, the log."""
