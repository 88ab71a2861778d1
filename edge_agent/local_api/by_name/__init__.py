"""HTTPS under a name of the house's own, where its network truly leads that name to it."""
