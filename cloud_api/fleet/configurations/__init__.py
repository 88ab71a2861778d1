"""How a host sets a house from afar, and what became of it."""
