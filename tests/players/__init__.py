"""The player matrix: ten players, each on every form, counted in frames and seconds."""
