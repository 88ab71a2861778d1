"""What is done once: the root's key ceremony, and a device's claim of its house."""
