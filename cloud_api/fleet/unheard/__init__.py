"""What a house may still honour because it has not heard otherwise."""
