"""Pure rules: values and `now` in, values out; no clock, network, disk, database or logging."""
