"""Which devices may open a line to the broker, and which no more."""
