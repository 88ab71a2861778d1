"""A whole house on a laptop: devices on their real wires, with knobs for what goes wrong."""
