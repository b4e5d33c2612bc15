"""What every request passes: admission, protocol rules, logs."""
